"""Which samples make which batch, on which rank: arithmetic over a keyed permutation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from impasto import _core
from impasto.batch import BatchKey
from impasto.errors import RecipeError


class BatchSampler:
    """Yields `BatchKey`s: a batch sampler for `torch.utils.data.DataLoader`, in O(1) memory.

    Every rank gets the same number of batches, and all ranks together see each sample once an epoch. What remains
    after the whole rounds of ``batch_size * world_size`` samples is left out with ``drop_last``, or spread evenly over
    the ranks' last batches, whose sizes then differ by at most one.

    Args:
        length: Samples in the data set.
        batch_size: Samples in a batch, on one rank.
        seed: Key of the order.
        shuffle: Visit the samples in a new random order every epoch, or in their own.
        drop_last: Leave out the samples that fill no whole round.
        rank: This process's number, in ``range(world_size)``.
        world_size: Number of processes.

    Raises:
        RecipeError: If a value makes no sense, or there are too few samples for one batch a rank.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = True,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if batch_size < 1:
            raise RecipeError(f"batch_size={batch_size} must be at least 1")
        if not 0 <= rank < world_size:
            raise RecipeError(f"rank={rank} must lie in 0..{world_size - 1} (world_size={world_size})")
        if not 0 <= seed < 2**64:
            raise RecipeError(f"seed={seed} must lie in 0..2**64-1")
        self.length = length
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.first_step = 0
        self._bounds = _Bounds(length, batch_size, world_size, drop_last)

    def __len__(self) -> int:
        return len(self._bounds) // self.world_size

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch that the next iteration draws."""
        self.epoch = epoch
        self.first_step = 0

    def key(self, epoch: int, step: int) -> BatchKey:
        """The batch of this rank at a step.

        Args:
            epoch: The epoch.
            step: The batch's number on this rank, in ``range(len(self))``.
        """
        number = step * self.world_size + self.rank
        start, stop = self._bounds[number]
        positions = np.arange(start, stop, dtype=np.int64)
        if self.shuffle:
            positions = _core.Permutation(self.length, self.seed, epoch).take(positions)
        run = epoch * len(self._bounds) + number
        return BatchKey(positions.tolist(), epoch=epoch, step=number, number=run)

    def __iter__(self) -> Iterator[BatchKey]:
        epoch, first = self.epoch, self.first_step
        self.first_step = 0
        for step in range(first, len(self)):
            yield self.key(epoch, step)
        self.epoch = epoch + 1

    def state_dict(self, *, epoch: int | None = None, step: int = 0) -> dict[str, Any]:
        """Where an epoch stands: enough to go on, also with another number of ranks.

        Args:
            epoch: The epoch; the current one by default.
            step: Batches that this rank has taken of it.
        """
        return {
            "version": 1,
            "epoch": self.epoch if epoch is None else epoch,
            "samples": step * self.batch_size * self.world_size,
            "seed": self.seed,
            "length": self.length,
            "shuffle": self.shuffle,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Makes the next iteration go on from a state.

        Args:
            state: What `state_dict` returned, here or on another number of ranks.

        Raises:
            RecipeError: If the state is of other data, another seed, or falls between two batches.
        """
        for name in ("length", "seed", "shuffle"):
            if state.get(name) != getattr(self, name):
                raise RecipeError(
                    f"the state was saved with {name}={state.get(name)!r} and is loaded with {getattr(self, name)!r}; "
                    f"resume with the same {name}"
                )
        step, between = divmod(state["samples"], self.batch_size * self.world_size)
        if between:
            raise RecipeError(
                f"the state stands at sample {state['samples']}, between two batches of "
                f"{self.batch_size} x {self.world_size} ranks; keep batch_size x world_size"
            )
        over = step >= len(self)
        self.epoch = state["epoch"] + over
        self.first_step = 0 if over else step


class _Bounds:
    """Where each batch of an epoch begins and ends in its order, over all ranks."""

    def __init__(self, length: int, batch_size: int, world_size: int, drop_last: bool) -> None:
        round_size = batch_size * world_size
        rounds, rest = divmod(length, round_size)
        tail_rounds = 0
        if not drop_last and rest:
            # Fewer leftover samples than ranks: take a whole round back, so that no rank is left with nothing.
            borrow = rest < world_size and rounds > 0
            rounds, rest, tail_rounds = (rounds - 1, rest + round_size, 2) if borrow else (rounds, rest, 1)
        self._batch_size = batch_size
        self._whole = rounds * world_size
        self._tail = tail_rounds * world_size
        self._rest = rest
        if tail_rounds == 2 and batch_size == 1:
            raise RecipeError(
                f"{length} samples one by one are no multiple of {world_size} ranks, so that some rank would lack its "
                "last batch; use drop_last=True or batch_size=2"
            )
        if length < (round_size if drop_last else world_size):
            raise RecipeError(
                f"{length} samples do not fill one batch of {batch_size} on each of {world_size} ranks; "
                "use a smaller batch_size or drop_last=False"
            )

    def __len__(self) -> int:
        return self._whole + self._tail

    def __getitem__(self, number: int) -> tuple[int, int]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        if number < self._whole:
            return number * self._batch_size, (number + 1) * self._batch_size
        first = self._whole * self._batch_size
        tail = number - self._whole
        return first + tail * self._rest // self._tail, first + (tail + 1) * self._rest // self._tail
