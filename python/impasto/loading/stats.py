"""What a loader's time goes to, which part binds, and what would help."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from impasto.loading.parts.storing import QUALITY, SHORT_SIDE, StoredSmaller, Trial
from impasto.loading.running.work import STAGES, Cost

#: Below this share of the time spent waiting, the loader keeps up with who takes its batches.
_KEEPS_UP = 0.05
#: Stages that smaller images shorten, and a gain that is worth storing them.
_BY_SIZE, _WORTH_IT = ("read", "decode", "resize"), 1.1
#: By this share reading must be waiting before that is told: idle CPUs say nothing then.
_WAITS = 0.5
#: Stages that are Python's, which threads do in turns.
_PYTHON = ("transform", "collect")
#: Batches that say something.
_ENOUGH = 4

_REMEDIES = {
    "read": "put the data on a faster disk, or into shards",
    "decode": "images are as small as is of use: raise workers where CPUs are idle",
    "resize": "images are as small as is of use: raise workers where CPUs are idle",
    "augment": "leave operations out of ImageRecipe(augment=), or raise workers",
    "transform": "threads run a Python transform one image after another: use processes=True, or ImageRecipe(augment=)",
    "mix": "write fewer bytes: ImageRecipe(dtype='uint8') or 'bfloat16'",
    "tokenize": "use a tokenizer that impasto runs itself (docs/batches.md)",
    "collect": "use larger batches, fewer fields=, or processes=True",
}


@dataclass(frozen=True)
class Stats:
    """What the batches of one iteration took, so far.

    Attributes:
        batches: Batches given.
        samples: Samples in them.
        seconds: Wall-clock seconds between the first batch that was given and the last.
        wait: Of these, seconds in which the next batch was waited for.
        first: Seconds until the first batch was there.
        made: Samples that were made after the first batch was there, of those given: none that lay ready then.
        making: Seconds from then until the last of them was made.
        stages: Seconds by stage, without the first batch's, summed over threads and processes: ``read`` (bytes and
            captions), ``decode``, ``resize``, ``augment``, ``transform`` (in Python), ``mix`` (blend, normalise, lay
            out), ``tokenize``, ``collect`` (what Python does around them).
        bytes_read: Bytes of encoded images.
        busy: CPUs that this process (the training step included) and its workers kept busy, on average.
        cpus: CPUs that this process may use.
        queue: Batches that lay ready on the host, on average.
        workers: Threads or processes.
        source: What the samples are read from: its class.
        try_smaller: Measures what `stored_smaller` is.
    """

    batches: int
    samples: int
    seconds: float
    wait: float
    first: float
    made: int
    making: float
    stages: Mapping[str, float]
    bytes_read: int
    busy: float
    cpus: int
    queue: float
    workers: int
    source: str = "the source"
    try_smaller: Trial | None = field(default=None, repr=False, compare=False)

    @property
    def samples_per_second(self) -> float:
        """Of those that were made after the first batch was there."""
        return self.made / self.making if self.making > 0 else 0.0

    @cached_property
    def stored_smaller(self) -> StoredSmaller | None:
        """What some of the images give when they are stored at a short side of 256, which is tried when it is asked.

        It takes a second of one core at the most. None where no image is larger.
        """
        return None if self.try_smaller is None else self.try_smaller()

    @property
    def faster(self) -> float:
        """What all workers' time would be divided by if images were stored so; 1 where that isn't known."""
        stored = self.stored_smaller
        share = sum(self.shares[name] for name in _BY_SIZE if name in self.shares)
        return 1.0 if stored is None else 1 / (1 - share * (1 - stored.cost))

    @property
    def waited(self) -> float:
        """The share of the time in which a batch was waited for, in [0, 1]."""
        return min(self.wait / self.seconds, 1.0) if self.seconds > 0 else 0.0

    @property
    def shares(self) -> dict[str, float]:
        """Each stage's share of what all took."""
        total = sum(self.stages.values())
        return {name: seconds / total if total > 0 else 0.0 for name, seconds in self.stages.items()}

    @property
    def binds(self) -> str | None:
        """What a faster epoch needs first: a stage, ``"step"`` where batches are taken slower than made, or None."""
        if self.batches < _ENOUGH:
            return None
        return "step" if self.waited < _KEEPS_UP else max(self.shares, key=lambda name: self.shares[name])

    @property
    def advice(self) -> str:
        """One line: what binds, by how much, and what would help; its numbers are measured."""
        binds = self.binds
        if binds is None:
            return f"{self.batches} batches are too few to say what binds; take {_ENOUGH} or more"
        if binds == "step":
            return f"step-bound: {self.waited:.0%} of the time is spent waiting for batches; the loader keeps up"
        share = self.shares[binds]
        if binds == "read" and self._waiting >= _WAITS:
            told = (
                f"read-bound: {share:.0%} of the workers' time goes there, at least {self._waiting:.0%} of it waiting"
            )
            which = f"for what {self.source} reads from (disk, network, Python code)"
            more = "more workers help where storage answers several at once; Python code is asked by one thread alone"
            return f"{told} {which}. Remedy: {_REMEDIES[binds]}; {more}, unless processes=True"
        gain = f"; without it they would need {1 / (1 - share):.1f}x less time" if share < 1 else ""
        told = f"{binds}-bound: {share:.0%} of the workers' time goes there{gain}"
        pack = self._pack if binds in _BY_SIZE else ""
        idle = self.cpus - self.busy
        # A thread beside none takes Python's part in turns with this one.
        by_python = binds in _PYTHON and not self.workers
        if idle >= 1 and self.workers < self.cpus and not by_python:
            then = f", then {pack}" if pack else ""
            return f"{told}. {idle:.1f} of {self.cpus} CPUs are idle: raise workers={self.workers} first{then}"
        return f"{told}. Remedy: {pack or _REMEDIES[binds]}"

    @property
    def _waiting(self) -> float:
        """At least this share of the reading is waiting: more than the CPU time of everything."""
        reading = self.stages["read"] * self.made / self.samples  # what lay ready at first has its CPU time before
        return max(0.0, 1 - self.busy * self.seconds / reading) if reading > 0 else 0.0

    @property
    def _pack(self) -> str:
        """What smaller images would give, where that is worth it."""
        stored = self.stored_smaller
        if stored is None or self.faster <= _WORTH_IT:
            return ""
        sizes = f"{stored.kilobytes[0]:.0f} to {stored.kilobytes[1]:.0f} kB"
        how = f"by CPU time of {stored.images} of these images, JPEG quality {QUALITY}, {sizes}"
        return f"pack at short side {SHORT_SIDE} for {self.faster:.1f}x ({how})"

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        found = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "try_smaller"}
        found |= {"stages": dict(self.stages), "samples_per_second": self.samples_per_second, "waited": self.waited}
        return found | {"shares": self.shares, "binds": self.binds, "advice": self.advice}

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items() if share >= 0.005)
        taken = (
            f"{self.samples_per_second:,.0f} a second; waited {self.waited:.0%} of the time; {self.queue:.1f} batches "
            f"ready; {self.busy:.1f} of {self.cpus} CPUs busy"
        )
        return (
            f"{self.samples:,} samples in {self.batches:,} batches, "
            f"{taken if self.made else 'none of which was made after the first was there: no rate was measured'}\n"
            f"{shares or 'no stage was timed'}\n{self.advice}"
        )


class Tally:
    """Counts the batches of one iteration as they are given.

    Args:
        workers: Threads or processes that make them.
        source: What samples are read from, in a word.
        try_smaller: Measures what smaller images would give.
    """

    def __init__(self, workers: int, source: str = "the source", try_smaller: Trial | None = None) -> None:
        self._workers, self._source, self._try_smaller = workers, source, try_smaller
        self._asked = self._begun = self._last = time.monotonic()
        self._cpu = self._cpu_now = time.process_time()
        self._first: float | None = None
        self._batches = self._samples = self._bytes = self._made = 0
        self._made_last = 0.0
        self._wait = self._lay = self._workers_cpu = 0.0
        self._stages = dict.fromkeys(STAGES, 0.0)

    def ask(self) -> None:
        """A batch is asked for."""
        self._asked = time.monotonic()

    def give(self, cost: Cost) -> None:
        """It is there."""
        self._last, self._cpu_now = time.monotonic(), time.process_time()
        if self._first is None:
            self._first = self._last - self._asked
            self._begun, self._cpu = self._last, self._cpu_now
        else:
            self._wait += self._last - self._asked
            self._lay += max(0.0, self._last - max(cost.finished, self._begun))
            if cost.finished > self._begun:
                # What lay ready was made while the first was waited for.
                self._made += cost.samples
                self._made_last = max(self._made_last, cost.finished)
                self._workers_cpu += cost.cpu
            # The first one's hold what is done once, such as imports.
            for name, seconds in cost.stages.items():
                self._stages[name] += seconds
        self._batches += 1
        self._samples += cost.samples
        self._bytes += cost.bytes_read

    def stats(self) -> Stats:
        """What was counted so far."""
        seconds = self._last - self._begun if self._batches > 1 else 0.0
        busy = self._cpu_now - self._cpu + self._workers_cpu
        return Stats(
            batches=self._batches,
            samples=self._samples,
            seconds=seconds,
            wait=self._wait,
            first=self._first or 0.0,
            made=self._made,
            making=self._made_last - self._begun if self._made else 0.0,
            stages=dict(self._stages),
            bytes_read=self._bytes,
            busy=busy / seconds if seconds > 0 else 0.0,
            cpus=_cpus(),
            queue=self._lay / seconds if seconds > 0 else 0.0,
            workers=self._workers,
            source=self._source,
            try_smaller=self._try_smaller,
        )


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
