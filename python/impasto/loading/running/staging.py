"""Page-locked memory that batches go through on their way to a device."""

from __future__ import annotations

from typing import TypeVar

import torch

from impasto.loading.running.lanes import Lane, Mark
from impasto.loading.running.tensors import map_tensors

T = TypeVar("T")


class Staging:
    """Copies batches into a lane, through memory that is used in turns.

    Args:
        lane: Where to.
        turns: While one is copied from, the host fills the next.
    """

    def __init__(self, lane: Lane, turns: int = 2) -> None:
        self._lane = lane
        self._stages = [_Stage(lane) for _ in range(turns)]
        self._turn = 0

    def copy(self, batch: T) -> T:
        """The batch on the device, once the lane gets there."""
        stage = self._stages[self._turn]
        self._turn = (self._turn + 1) % len(self._stages)
        stage.begin()
        moved = map_tensors(batch, stage.copy)
        stage.end()
        return moved


class _Stage:
    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._memory: list[torch.Tensor] = []
        self._used = 0
        self._read: list[torch.Tensor] = []
        self._mark: Mark | None = None

    def begin(self) -> None:
        if self._mark is not None:
            self._mark.synchronize()
        self._read, self._used = [], 0

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.device.type != "cpu":
            return self._lane.copy(tensor)
        if self._lane.pins and not tensor.is_pinned():
            tensor = self._hold(tensor)
        # It may lie in memory that would be used again as soon as nothing refers to it.
        self._read.append(tensor)
        return self._lane.copy(tensor)

    def _hold(self, tensor: torch.Tensor) -> torch.Tensor:
        size, place = tensor.nbytes, self._used
        self._used += 1
        if place == len(self._memory):
            self._memory.append(torch.empty(0, dtype=torch.uint8))
        if self._memory[place].numel() < size:
            self._memory[place] = self._lane.host_memory(size)
        held = self._memory[place][:size].view(tensor.dtype).view(tensor.shape)
        return held.copy_(tensor)

    def end(self) -> None:
        self._mark = self._lane.mark()
        if self._mark is None:
            self._read = []
