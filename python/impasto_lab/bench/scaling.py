"""What a speedup on a few cores says of many: Amdahl's law, read backwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: The cores that an extrapolation is told for.
MANY = 16


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
        return cls(most, speedup, serial, 1 / (serial + (1 - serial) / MANY))

    def line(self) -> str:
        """All of it in a sentence."""
        return (
            f"{self.workers} workers: {self.speedup:.2f}x one; a serial share of {self.serial:.1%}, which allows "
            f"{self.allowed:.1f}x on {MANY} cores"
        )
