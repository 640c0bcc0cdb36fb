"""Features of the pairs that came before: negatives for many batches at the cost of one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import at_least
from impasto.errors import RecipeError
from impasto_lab.models.gathering import gathered


class FeatureQueue(nn.Module):
    """The newest K image and text features of a slow copy; random ones until it has gone round.

    Args:
        dim: Of a feature.
        size: K, a multiple of the batches of all processes together; 0 keeps none, for data of so few pairs that the
            queue would hold a pair beside itself.

    Attributes:
        images: [D, K], columns of length 1.
        texts: [D, K], likewise.
        place: [] int64, the column that is written next.
    """

    images: Tensor
    texts: Tensor
    place: Tensor

    def __init__(self, dim: int, size: int) -> None:
        super().__init__()
        at_least(0, size=size)
        for name in ("images", "texts"):
            self.register_buffer(name, functional.normalize(torch.randn(dim, size), dim=0))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def add(self, images: Tensor, texts: Tensor) -> None:
        """Puts the features of all processes in the place of the oldest.

        Args:
            images: [B, D].
            texts: [B, D].

        Raises:
            RecipeError: If the size is no multiple of the batches' together.
        """
        size = self.images.shape[1]
        if size == 0:
            return
        images, texts = gathered(images), gathered(texts)
        count = len(images)
        require_divisor(size, count)
        place = int(self.place)
        self.images[:, place : place + count] = images.T
        self.texts[:, place : place + count] = texts.T
        self.place.fill_((place + count) % size)


def require_divisor(size: int, count: int) -> None:
    """Requires that a queue is filled by whole batches.

    Args:
        size: The queue's.
        count: Pairs in the batches of all processes together.

    Raises:
        RecipeError: If it isn't; the message has the nearest size that is.
    """
    if size % count:
        nearest = max(round(size / count), 1) * count
        raise RecipeError(f"a queue of {size} can't be filled by batches of {count}; use queue={nearest}")
