"""The making of one batch: what it is at, what it has taken, and what is told of it when it takes long."""

from __future__ import annotations

import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.batch import Batch, BatchKey
from impasto.errors import ImpastoError
from impasto.loading.batches import NoStop
from impasto.sources import GatheredSource, IndexedSource, Source

#: What a batch's time goes to, in its order; ``collect`` is what Python does around the native calls.
STAGES = ("read", "decode", "resize", "augment", "transform", "mix", "tokenize", "collect")
#: Where the core's threads work, which know better what they are at.
NATIVE = "native"
#: Rows that a message names.
_NAMED = 3


@dataclass(frozen=True)
class Cost:
    """What one batch took.

    Attributes:
        stages: Seconds by stage, summed over threads.
        samples: Samples in it.
        bytes_read: Bytes of encoded images.
        cpu: CPU seconds of the worker process that made it; 0 in this process, which counts its own.
        finished: When it was there, on the system's monotonic clock.
    """

    stages: dict[str, float]
    samples: int
    bytes_read: int
    cpu: float
    finished: float


class Made(NamedTuple):
    """A batch, and what it took.

    Attributes:
        batch: The batch.
        cost: What it took.
    """

    batch: Batch
    cost: Cost


class Work:
    """One batch that is being made.

    Args:
        key: Its samples, and when it comes.
        staged: Its rows.
    """

    def __init__(self, key: BatchKey, staged: _core.Staged) -> None:
        self.key, self.staged = key, staged
        #: The samples of its rows, once they are known.
        self.samples: npt.NDArray[np.int64] = np.empty(0, np.int64)
        #: What reads them in Python, while it does.
        self.reader: GatheredSource | None = None
        self.over = False
        self._stages = dict.fromkeys(STAGES, 0.0)
        self._at = ("collect", time.monotonic())

    def at(self, stage: str) -> At:
        """Counts what is done inside as a stage's; within ``NATIVE`` the core counts itself."""
        return At(self, stage)

    def turn(self, stage: str) -> str:
        """Ends the stage, begins another, and gives the one that ended."""
        now = time.monotonic()
        before, since = self._at
        if before in self._stages:
            self._stages[before] += now - since
        self._at = (stage, now)
        return before

    def unless_it_fails(self) -> NoStop:
        """Notes that it is over where what is done inside fails."""
        return NoStop("what reads or makes a batch (its source, or tokenizer)", self._fail)

    def _fail(self) -> None:
        self.over = True

    def rest(self) -> None:
        """It waits for its turn: what passes until `resume` is nobody's."""
        self.turn("rest")

    def resume(self) -> None:
        """Python has it again."""
        self.turn("collect")

    def end(self) -> Cost:
        """What it took."""
        self.turn("rest")
        self.over = True
        stages = dict(self._stages)
        for name, seconds in self.staged.spent():
            stages[name] += seconds
        return Cost(stages, len(self.key), self.staged.bytes_read(), 0.0, time.monotonic())

    def told(self, data: Source) -> str:
        """What it is at, in words."""
        stage, since = self._at
        which = f"epoch {self.key.id.epoch}, step {self.key.id.step}"
        rows = self.staged.working() if stage == NATIVE else []
        if rows:
            oldest = sorted(rows, key=lambda working: -working.seconds)[:_NAMED]
            what = [self._told_of(one, data) for one in oldest]
            more = [f"{len(rows) - len(what)} more rows"] if len(rows) > len(what) else []
            return f"{which} is at: {', '.join(what + more)}"
        reading = self.reader.reading if stage == "read" and self.reader is not None else None
        if reading is not None:
            row, begun = reading
            which_row = f"{type(self.reader).__name__}'s row {row}"
            return f"{which} is at: read of {which_row} for {time.monotonic() - begun:.0f} s"
        words = {NATIVE: "waiting for older batches' rows", "rest": "waiting for the batch before it"}
        asked = (
            f" of {type(data).__name__}'s rows {self.key[:_NAMED]}...{self._copied(data)}" if stage == "read" else ""
        )
        return f"{which} is at: {words.get(stage, stage)}{asked} for {time.monotonic() - since:.0f} s"

    def _copied(self, data: Source) -> str:
        """The copies that are waited for."""
        if not data.copies or not len(self.samples):
            return ""
        told = [copy.told for copy in data.wanted(self.samples)]
        waited_for = [one for one in told if one]
        more = f" and {len(waited_for) - _NAMED} more" if len(waited_for) > _NAMED else ""
        return f" from {', '.join(waited_for[:_NAMED])}{more}" if waited_for else ""

    def _told_of(self, row: _core.Working, data: Source) -> str:
        return f"{row.stage} of {self._name(data, row.row)} for {row.seconds:.0f} s"

    def _name(self, data: Source, row: int) -> str:
        try:
            sample = int(self.samples[row])
            (part,) = data.parts(np.asarray([sample]))
            if not isinstance(part.source, IndexedSource):  # others may be what everybody waits for
                return f"sample {sample}"
            index, at = part.source.index, int(part.rows[0])
            return f"sample {index.key(at)!r} ({index.path(at)})"
        except (ImpastoError, IndexError, ValueError):
            return f"row {row}"


class At:
    """A part of a batch's making that is a stage's; no generator of contextlib's, which takes twice the time of it.

    Args:
        work: The batch.
        stage: The stage.
    """

    def __init__(self, work: Work, stage: str) -> None:
        self._work, self._stage = work, stage

    def __enter__(self) -> None:
        self._stage = self._work.turn(self._stage)

    def __exit__(self, *error: object) -> None:
        self._work.turn(self._stage)


class UnderWay:
    """The batches that are being made in this process."""

    def __init__(self) -> None:
        # No lock: a process may be forked while another thread of its parent holds it.
        self._works: deque[weakref.ref[Work]] = deque(maxlen=64)

    def add(self, work: Work) -> None:
        """Notes one, until it is over or nobody has it any more."""
        self._works.append(weakref.ref(work))

    def told(self, data: Source) -> str:
        """What all of them are at, in words."""
        works = [work for work in (one() for one in self._works.copy()) if work is not None and not work.over]
        return "; ".join(work.told(data) for work in works)

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        del state
        self._works = deque(maxlen=64)
