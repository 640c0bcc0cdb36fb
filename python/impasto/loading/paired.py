"""Two loaders in step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from impasto.batch import Batch
from impasto.checks import require
from impasto.errors import CheckpointError
from impasto.loading.batches import Batches


@dataclass(frozen=True, eq=False)
class PairedBatch:
    """A batch of one data set beside a batch of another.

    Attributes:
        first: B samples of the one.
        second: B samples of the other.
    """

    first: Batch
    second: Batch

    def __len__(self) -> int:
        return len(self.first)

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> PairedBatch:
        """Moves the tensors to a device."""
        moved = (batch.to(device, non_blocking=non_blocking) for batch in (self.first, self.second))
        return PairedBatch(*moved)


class PairedLoader:
    """Takes batches of two loaders in step; each goes through its own epochs.

    Args:
        first: A loader, whose epochs count.
        second: Another, of the same batch size; it begins anew as often as it must.
    """

    def __init__(self, first: Batches[Batch], second: Batches[Batch]) -> None:
        self.first = first
        self.second = second
        # It outlives an epoch of the first: a loader that is asked anew begins its epoch anew.
        self._endless = _forever(second)

    def __iter__(self) -> Iterator[PairedBatch]:
        """An epoch of the first; the second goes on where it was."""
        for batch in self.first:
            yield PairedBatch(batch, next(self._endless))

    def state_dict(self) -> dict[str, Any]:
        """Where both stand, after the last batch."""
        return {"first": self.first.state_dict(), "second": self.second.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on after that batch.

        Raises:
            CheckpointError: If the state is of another kind of loader.
        """
        if state.keys() != {"first", "second"}:
            raise CheckpointError(f"its loader's state has {sorted(state)}; resume the task that it was saved by")
        self.first.load_state_dict(state["first"])
        self.second.load_state_dict(state["second"])
        self._endless = _forever(self.second)


def _forever(batches: Batches[Batch]) -> Iterator[Batch]:
    while True:
        found = False
        for batch in batches:
            found = True
            yield batch
        require(found, "the second loader gives no batches; use a smaller batch_size or more samples")
