"""Where a figure was measured: a figure without its machine says nothing."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto_lab.bench import quiet

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Where and how figures were measured.

    Attributes:
        machine: See `describe`.
        versions: Versions of the packages timed.
        load: The system's load average before anything was timed: what else ran takes part in wall-clock figures.
        settings: The arguments of the run.
        command: The process's command line.
    """

    machine: dict[str, Any]
    versions: dict[str, str | None]
    load: float | None
    settings: dict[str, Any]
    command: str

    def circumstances(self) -> dict[str, Any]:
        """All of it, as JSON has it beside the figures."""
        return {
            "machine": self.machine,
            "versions": self.versions,
            **quiet.recorded(self.load),
            "settings": self.settings,
            "seed": self.settings["seed"],
            "command": self.command,
        }


def describe() -> dict[str, Any]:
    """CPU model, CPUs that this process may use, memory in GiB, system and Python."""
    return {
        "cpu": _cpu_model(),
        "cpus": len(cpus()),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def device_name(device: torch.device) -> str:
    """A GPU's name, or the CPU's model."""
    if device.type != "cuda":
        return _cpu_model()
    import torch

    return torch.cuda.get_device_name(device)


def slug(device: torch.device | None = None) -> str:
    """The CPU's model, or the name of a device, as a part of a file name."""
    name = _cpu_model() if device is None else device_name(device)
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def versions(*packages: str) -> dict[str, str | None]:
    """Versions of installed packages; None for one that is not there."""
    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def cpus() -> list[int]:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@contextmanager
def held_to(count: int) -> Iterator[bool]:
    """Holds the calling thread, and what it starts, to some CPUs, of as many cores as there are.

    Args:
        count: How many, at least 1.

    Yields:
        Whether the system let us.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(spread(allowed, _siblings)[:count]))
    try:
        yield True
    finally:
        os.sched_setaffinity(0, allowed)


def one_cpu() -> AbstractContextManager[bool]:
    """Holds the calling thread, and threads that it starts, to one CPU (where the system lets us)."""
    return held_to(1)


def hold(processes: Iterable[int | None]) -> None:
    """Holds running processes to the CPUs that the calling thread is held to (where the system lets us)."""
    if hasattr(os, "sched_setaffinity"):
        for number in processes:
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.sched_setaffinity(number or 0, os.sched_getaffinity(0))


def spread(allowed: Iterable[int], siblings: Callable[[int], Sequence[int]]) -> list[int]:
    """CPUs, one of every core before a second one of any, the highest first.

    Args:
        allowed: The CPUs.
        siblings: The CPUs that share a core with one, itself among them.
    """
    taken = set(allowed)
    return sorted(taken, key=lambda cpu: (sum(other > cpu for other in siblings(cpu) if other in taken), -cpu))


def _siblings(cpu: int) -> list[int]:
    try:
        text = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text(encoding="ascii")
    except OSError:
        return [cpu]
    ends = [[int(end) for end in part.split("-")] for part in text.strip().split(",")]
    return [other for first, *last in ends for other in range(first, (last or [first])[0] + 1)]


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
