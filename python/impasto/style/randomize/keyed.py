"""What modules that draw share: a seed, and whose turn it is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from impasto.batch import BatchId
from impasto.checks import is_count, require
from impasto.errors import RecipeError
from impasto.messages import warn_once
from impasto.streams import counted, stream


class Keyed(nn.Module):
    """A module whose random streams are keyed by a batch's id, else by how often it was called.

    Args:
        seed: Key of all of them.

    Attributes:
        purpose: What is drawn; streams of different purposes have nothing in common.
        in_workers: What else to do in a DataLoader's worker, in a warning.

    Raises:
        RecipeError: If the seed is no whole number, or negative.
    """

    purpose = "styles"
    in_workers = ""

    def __init__(self, seed: int) -> None:
        super().__init__()
        require(is_count(seed) and seed >= 0, f"seed={seed!r} must be a whole number, not negative")
        self.seed = seed
        self._calls = 0

    def _stream(
        self, id: BatchId | None, generator: torch.Generator | None, *, asked: bool = True
    ) -> np.random.Generator:
        """The stream of a batch; ``asked`` says whether anything will come of it."""
        require(id is None or generator is None, "give id or a generator, not both: each says what is drawn")
        if id is not None:
            if not isinstance(id, BatchId):
                raise RecipeError(f"id must be a BatchId, such as batch.id, not {type(id).__name__}")
            return stream(self.seed, self.purpose, id.epoch, id.step)
        if generator is not None:
            return counted(int(torch.randint(2**62, (), generator=generator, device=generator.device)))
        if asked and get_worker_info() is not None:
            name = type(self).__name__
            warn_once(
                f"{name} draws by its number of calls, which in a DataLoader's workers begins anew in each worker and "
                f"epoch: what it draws repeats; {self.in_workers}give generator= or id=, or call it outside of them",
                stacklevel=3,
            )
        self._calls += 1
        return counted(self.seed, self._calls - 1)

    def get_extra_state(self) -> Tensor:
        """The number of calls, for ``state_dict()``."""
        return torch.tensor(self._calls)

    def set_extra_state(self, state: Tensor) -> None:
        """Goes on after that many calls."""
        self._calls = int(state)
