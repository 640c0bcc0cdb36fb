"""How long a device is in its steps: by its own events where it has them, else by the host's clock."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

#: Steps that the host may be ahead of the device: without a bound it would ask for more than the time there is.
_AHEAD = 2
#: Seconds between two looks at what the device says of itself.
_LOOK = 0.25


class Spent(NamedTuple):
    """What a clock counted.

    Attributes:
        seconds: From start to stop.
        busy: Of them, those in steps; the rest the device waited for batches, or copied them.
        utilization: Share of the time that the device says it computed, in [0, 1]; None where it doesn't.
    """

    seconds: float
    busy: float
    utilization: float | None


class HostClock:
    """Counts by the host's clock: a CPU's steps are done when they return."""

    def __init__(self) -> None:
        self._began, self._busy = time.perf_counter(), 0.0

    @contextmanager
    def step(self) -> Iterator[None]:
        """Counts what is inside as a step."""
        began = time.perf_counter()
        yield
        self._busy += time.perf_counter() - began

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._began

    def stop(self) -> Spent:
        """What was counted."""
        return Spent(self.seconds, self._busy, None)


class CudaClock(HostClock):
    """Counts by events on the current stream.

    Args:
        device: Whose.
    """

    def __init__(self, device: torch.device) -> None:
        torch.cuda.synchronize(device)
        super().__init__()
        self._device = device
        self._steps: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self._looks: list[float] = []
        self._looked = self._began

    @contextmanager
    def step(self) -> Iterator[None]:
        """Counts what is inside as a step."""
        events = _event(), _event()
        events[0].record()
        yield
        events[1].record()
        self._steps.append(events)
        if len(self._steps) > _AHEAD:
            self._steps[-1 - _AHEAD][1].synchronize()
        if time.perf_counter() - self._looked > _LOOK:
            self._looked = time.perf_counter()
            self._looks += _utilization(self._device)

    def stop(self) -> Spent:
        """What was counted, when the device is done."""
        torch.cuda.synchronize(self._device)
        busy = sum(begun.elapsed_time(ended) for begun, ended in self._steps) / 1000
        return Spent(self.seconds, busy, statistics.fmean(self._looks) if self._looks else None)


def clock_of(device: torch.device) -> HostClock:
    """A clock that has begun."""
    return CudaClock(device) if device.type == "cuda" else HostClock()


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def _utilization(device: torch.device) -> list[float]:
    """What NVML says of the last moment, in [0, 1]; nothing where it isn't installed or says nothing."""
    try:
        return [torch.cuda.utilization(device) / 100]
    except (ImportError, RuntimeError, getattr(sys.modules.get("pynvml"), "NVMLError", RuntimeError)):
        return []
