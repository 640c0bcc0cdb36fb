"""Rates of loaders that take turns: what slows the machine for a while slows them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from impasto_lab.bench.machine import one_cpu
from impasto_lab.bench.work import Pairs


class Track(Protocol):
    """Shows progress: takes what is to be done and its name, and yields it item by item."""

    def __call__(self, items: Sequence[int], what: str, /) -> Iterable[int]:
        """Yields the items."""
        ...


def untracked(items: Sequence[int], what: str) -> Iterable[int]:
    """Shows nothing."""
    del what
    return items


@dataclass(frozen=True)
class Reopened:
    """A loader that is open in its turns alone: worker processes of many at once take more memory than a machine has.

    Attributes:
        open: Opens it; its workers end with what this returns.
    """

    open: Callable[[], Iterable[Pairs]]


@dataclass
class Row:
    """A loader with a number of workers, and its rates.

    Attributes:
        name: Short name, as in JSON.
        title: What a table calls it.
        workers: Threads or processes beside the caller.
        loader: Iterating over it is an epoch.
        version: Of the package that it is.
        files: How its files are stored, where a comparison has several ways; else nothing.
        rounds: Images a second in each round: of CPU time without workers, of wall-clock time with them.
        wall_rounds: Images a second of wall-clock time in each round.
    """

    name: str
    title: str
    workers: int
    loader: Iterable[Pairs] | Reopened
    version: str | None = None
    files: str = ""
    rounds: list[float] = field(default_factory=list)
    wall_rounds: list[float] = field(default_factory=list)

    @property
    def images_per_second(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    def as_dict(self) -> dict[str, Any]:
        """The row, as JSON has it."""
        return {
            "name": self.name,
            "title": self.title,
            "version": self.version,
            "workers": self.workers,
            **({"files": self.files} if self.files else {}),
            "images_per_second": round(self.images_per_second, 1),
            "rounds": [round(rate, 1) for rate in self.rounds],
            "clock": "wall" if self.workers else "cpu",
            "wall_rounds": [round(rate, 1) for rate in self.wall_rounds],
        }


def take_turns(rows: Sequence[Row], *, rounds: int, track: Track = untracked) -> None:
    """Times an epoch of every row, round by round, after one that warms caches and starts workers.

    A row without workers is held to one CPU, and torch to one thread; its figure is that of one core. It counts the
    process's CPU time, so that what else runs on the machine takes no part: the files are in memory, nothing waits.

    A process that forks has its pages copied when they are written next, those of batches among them (an epoch after it
    took up to three times as long). So the last row, whose workers may fork, is warmed first; and where loaders are
    opened again in each turn, an epoch that doesn't count goes before every one that does.

    Args:
        rows: The rows; their ``rounds`` are appended to.
        rounds: Times that each runs.
        track: Shows progress.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        again = any(isinstance(row.loader, Reopened) for row in rows)
        for turn in track(range(len(rows) * (rounds + 1)), "timing"):
            counts = turn >= len(rows)
            row = rows[turn % len(rows)] if counts else rows[-1 - turn]
            if isinstance(row.loader, Reopened) and not counts:
                continue
            loader = row.loader.open() if isinstance(row.loader, Reopened) else row.loader
            with nullcontext() if row.workers else one_cpu():
                if again and counts:
                    _rates(loader)
                wall, cpu = _rates(loader)
            if counts:
                row.wall_rounds.append(wall)
                row.rounds.append(wall if row.workers else cpu)
            del loader  # its workers end, before another's begin
    finally:
        torch.set_num_threads(threads)


def _rates(loader: Iterable[Pairs]) -> tuple[float, float]:
    """Images a second of wall-clock time and of this process's CPU time."""
    wall, cpu, images = time.perf_counter(), time.process_time(), 0
    for batch in loader:
        images += len(batch.images)
    return images / (time.perf_counter() - wall), images / (time.process_time() - cpu)
