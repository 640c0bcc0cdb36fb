"""Where a figure was measured: a figure without its machine says nothing."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """CPU model, CPUs that this process may use, memory in GiB, system and Python."""
    return {
        "cpu": _cpu_model(),
        "cpus": len(cpus()),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def load() -> float | None:
    """The system's load average over a minute; None where there is none."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def slug() -> str:
    """The CPU's model as a part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", _cpu_model().lower()).strip("-")


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
def one_cpu() -> Iterator[None]:
    """Holds the calling thread, and threads that it starts, to one CPU (where the system lets us)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
