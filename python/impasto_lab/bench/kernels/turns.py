"""Times a group's arms in turns, on one core, by CPU time: what slows the machine for a while slows them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from impasto_lab.bench import machine
from impasto_lab.bench.kernels.group import Group
from impasto_lab.bench.timing import Track, untracked


@dataclass
class Arm:
    """One who does a piece of work, and its times.

    Attributes:
        work: The group's title.
        name: The arm's.
        version: Of the package that it is.
        items: Images or captions of a call.
        apart: How far its answer is from the judge's.
        rounds: CPU seconds of each round.
    """

    work: str
    name: str
    version: str | None
    items: int
    apart: float | None
    rounds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Items a second of CPU time; the median of the rounds."""
        return self.items / statistics.median(self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The rates of the slowest and the fastest round."""
        return self.items / max(self.rounds), self.items / min(self.rounds)

    def as_dict(self) -> dict[str, Any]:
        """The row, as JSON has it."""
        return {
            "work": self.work,
            "name": self.name,
            "version": self.version,
            "rate": round(self.rate, 1),
            "rounds": [round(self.items / seconds, 1) for seconds in self.rounds],
            "distance": self.apart,
        }


def time_groups(groups: Sequence[Group], *, rounds: int, track: Track = untracked) -> list[Arm]:
    """Compares every arm's answer, then times the arms of each group round by round.

    Args:
        groups: The pieces of work.
        rounds: Times that each arm runs, after one that doesn't count.
        track: Shows progress.

    Returns:
        The arms, group by group.

    Raises:
        AnswersDifferError: If an answer is not the one that it should be.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found: list[Arm] = []
    try:
        with machine.one_cpu():
            for group in groups:
                arms = [_checked(group, name) for name in group.names]
                calls = [group.yardsticks.get(arm.name) or group.arms[arm.name] for arm in arms]
                for turn in track(range(len(arms) * rounds), group.title):
                    began = time.process_time()
                    calls[turn % len(arms)]()
                    # A clock that didn't move says that it is coarse, not that nothing took its time.
                    arms[turn % len(arms)].rounds.append(max(time.process_time() - began, 1e-9))
                found += arms
    finally:
        torch.set_num_threads(threads)
    return found


def _checked(group: Group, name: str) -> Arm:
    """An arm whose answer has been compared; that call warms what there is to warm."""
    call = group.checked(name)
    apart = group.distance(name, call()) if group.distance is not None and name in group.arms else None
    package = group.packages.get(name)
    version = machine.versions(package)[package] if package else None
    return Arm(group.title, name, version, group.items, apart)
