"""What many cores would give: by what Python takes of a worker's time, and by the speedup on a few of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

from impasto.loading import Loader

#: The cores that an extrapolation is told for.
MANY = 16
#: Stages that are Python's.
_PYTHON = ("transform", "collect")


def allowed(serial: float) -> float:
    """The speedup that a serial share of one worker's time, in [0, 1], allows on `MANY` cores (Amdahl 1967)."""
    return 1 / (serial + (1 - serial) / MANY)


@dataclass(frozen=True)
class PythonShare:
    """What of a worker's time is Python's, which the threads of a process have in turns.

    Attributes:
        share: Of the time of a core that makes batches, in [0, 1]: all but what native code counts as its own, by the
            same clock, so that what else runs falls on both.
        microseconds: Time of Python for one image.
        batch_size: Images in a batch; larger ones have less of it.
        allowed: The speedup that such a share allows on `MANY` cores, if nothing else is in turns there.
    """

    share: float
    microseconds: float
    batch_size: int
    allowed: float

    @classmethod
    def of(cls, loader: Loader, *, epochs: int) -> PythonShare | None:
        """Measures it: the medians of some epochs; None where an epoch is one batch.

        Args:
            loader: One without workers, so that this thread does all of it.
            epochs: How many are measured.
        """
        shares, microseconds = [], []
        for _ in range(epochs):
            batches = iter(loader)
            next(batches)  # stats don't count it either
            before = time.perf_counter()
            images = sum(len(batch) for batch in batches)
            if not images:
                return None
            seconds = time.perf_counter() - before
            native = sum(spent for stage, spent in batches.stats().stages.items() if stage not in _PYTHON)
            shares.append(max(1 - native / seconds, 0.0))
            microseconds.append(max(seconds - native, 0.0) / images * 1e6)
        share = statistics.median(shares)
        return cls(share, statistics.median(microseconds), loader.batch_size, allowed(share))

    def line(self) -> str:
        """All of it in a sentence."""
        return (
            f"Python has {self.share:.1%} of a worker's time, {self.microseconds:.0f} us an image in batches of "
            f"{self.batch_size}, which threads have in turns: {self.allowed:.1f}x on {MANY} cores"
        )


@dataclass(frozen=True)
class Scaling:
    """What rates with several numbers of workers come to.

    Attributes:
        workers: The most that were measured.
        speedup: Their rate over that of one.
        serial: Share of one worker's time that more of them don't shorten, in [0, 1], whatever it is: serial code,
            waiting, or memory that is no faster for two.
        allowed: The speedup that such a share allows on `MANY` cores.
    """

    workers: int
    speedup: float
    serial: float
    allowed: float

    @classmethod
    def of(cls, rates: Mapping[int, float]) -> Scaling | None:
        """From rates by their workers; None without those of one worker and of more.

        Args:
            rates: Images per second of wall-clock time, by workers.
        """
        most = max(rates, default=0)
        if 1 not in rates or most < 2:
            return None
        speedup = rates[most] / rates[1]
        serial = min(max((most / speedup - 1) / (most - 1), 0.0), 1.0)
        return cls(most, speedup, serial, allowed(serial))

    def line(self) -> str:
        """All of it in a sentence."""
        return (
            f"{self.workers} workers: {self.speedup:.2f}x one; all that is no faster for them (turns, waits, memory, "
            f"other work) is as {self.serial:.1%} of serial work, {self.allowed:.1f}x on {MANY} cores"
        )
