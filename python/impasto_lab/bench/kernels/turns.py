"""Times a group's arms in turns, on one core or in threads: what slows the machine for a while slows them all."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from impasto.checks import require
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
        threads: How many call it at the same time.
        rounds: Seconds of each round: of CPU time of one thread, of wall-clock time until the last of several is done.
    """

    work: str
    name: str
    version: str | None
    items: int
    apart: float | None
    threads: int = 1
    rounds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Items a second, of all threads; the median of the rounds."""
        return self._rate(statistics.median(self.rounds))

    @property
    def spread(self) -> tuple[float, float]:
        """The rates of the slowest and the fastest round."""
        return self._rate(max(self.rounds)), self._rate(min(self.rounds))

    def _rate(self, seconds: float) -> float:
        return self.threads * self.items / seconds

    def as_dict(self) -> dict[str, Any]:
        """The row, as JSON has it."""
        return {
            "work": self.work,
            "name": self.name,
            "version": self.version,
            "threads": self.threads,
            "clock": "cpu" if self.threads == 1 else "wall",
            "rate": round(self.rate, 1),
            "rounds": [round(self._rate(seconds), 1) for seconds in self.rounds],
            "distance": self.apart,
        }


def time_groups(
    groups: Sequence[Group], *, rounds: int, threads: Sequence[int] = (1,), track: Track = untracked
) -> list[Arm]:
    """Compares every arm's answer, then times the arms of each group round by round.

    Args:
        groups: The pieces of work.
        rounds: Times that each arm runs, after one that doesn't count.
        threads: Numbers of threads, for each of which there is an arm.
        track: Shows progress.

    Returns:
        The arms, group by group.

    Raises:
        AnswersDifferError: If an answer is not the one that it should be.
        RecipeError: If there are fewer CPUs than threads.
    """
    here = len(machine.cpus())
    require(max(threads) <= here, f"threads={tuple(threads)}: this process may use {here} CPUs")
    own = torch.get_num_threads()
    torch.set_num_threads(1)
    found: list[Arm] = []
    try:
        # Threads that a package starts with its first call stay on the cores that the caller has then.
        with machine.held_to(max(threads)), ExitStack() as open_pools:
            pools = {count: open_pools.enter_context(ThreadPoolExecutor(count)) for count in threads if count > 1}
            for group in groups:
                arms = [replace(arm, threads=count, rounds=[]) for arm in _checked(group) for count in threads]
                # One more, which warms: what a thread keeps of its own, the checked answer's has no part in.
                for turn in track(range(len(arms) * (rounds + 1)), group.title):
                    arm = arms[turn % len(arms)]
                    with machine.held_to(arm.threads):
                        call = group.yardsticks.get(arm.name) or group.arms[arm.name]
                        seconds = _together(call, pools[arm.threads], arm.threads) if arm.threads > 1 else _alone(call)
                    if turn >= len(arms):
                        # A clock that didn't move says that it is coarse, not that nothing took its time.
                        arm.rounds.append(max(seconds, 1e-9))
                found += arms
    finally:
        torch.set_num_threads(own)
    return found


def _alone(call: Callable[[], object]) -> float:
    """CPU time of a call."""
    began = time.process_time()
    call()
    return time.process_time() - began


def _together(call: Callable[[], object], pool: ThreadPoolExecutor, threads: int) -> float:
    """Wall-clock time from when all threads of a pool are ready until each has called it."""
    began: list[float] = []
    ready = threading.Barrier(threads, action=lambda: began.append(time.perf_counter()))

    def run() -> None:
        ready.wait()  # which also sees to it that none of them comes twice
        call()

    for done in [pool.submit(run) for _ in range(threads)]:
        done.result()
    return time.perf_counter() - began[0]


def _checked(group: Group) -> Iterator[Arm]:
    """The arms, whose answers have been compared; that call warms what there is to warm."""
    for name in group.names:
        call = group.checked(name)
        apart = group.distance(name, call()) if group.distance is not None and name in group.arms else None
        package = group.packages.get(name)
        version = machine.versions(package)[package] if package else None
        yield Arm(group.title, name, version, group.items, apart)
