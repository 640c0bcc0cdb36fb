"""The neighbors of images before and after: how many stay, and which change most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto_lab.experiments.analysis.embeddings.embedded import Embedded
from impasto_lab.metrics import nearest, shared_neighbors


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest of each image.

    Attributes:
        images: [N, K] rows of other images.
        captions: [N, K] rows of captions.
    """

    images: npt.NDArray[np.int64]
    captions: npt.NDArray[np.int64]

    @classmethod
    def of(cls, seen: Embedded, count: int) -> Neighbors:
        """The ``count`` nearest of each image, fewer where there are fewer."""
        few = min(count, len(seen.images) - 1)
        captions = nearest(seen.images, seen.captions, min(count, len(seen.captions)))
        return cls(nearest(seen.images, seen.images, few, themselves=True), captions)


@dataclass(frozen=True, eq=False)
class Moved:
    """What two models have in common.

    Attributes:
        images: [N] the share of each image's neighbors, among images, that stay.
        captions: [N] the same among captions.
        chance: What two random orders share, by ``"images"`` and ``"captions"``.
        shown: Rows to look at: those whose neighbors change most, least, and a middling one.
    """

    images: npt.NDArray[np.float64]
    captions: npt.NDArray[np.float64]
    chance: dict[str, float]
    shown: dict[str, int]

    def as_dict(self) -> dict[str, float]:
        """Means, and what chance would give."""
        shares = {"images": float(self.images.mean()), "captions": float(self.captions.mean())}
        return {f"{name} that stay": value for name, value in shares.items()} | {
            f"{name} that stay by chance": value for name, value in self.chance.items()
        }


def compare(before: Neighbors, after: Neighbors, *, captions: int) -> Moved:
    """Compares the neighbors of two models on the same images.

    Args:
        before: Of one model.
        after: Of the other.
        captions: How many captions there are.

    Raises:
        RecipeError: If they are of different images.
    """
    require(before.images.shape == after.images.shape, "both models need the same images")
    count = len(before.images)
    stay = shared_neighbors(before.images, after.images)
    order = np.argsort(stay, kind="stable")
    shown = {"most changed": order[0], "middling": order[count // 2], "least changed": order[-1]}
    chance = {"images": before.images.shape[1] / (count - 1), "captions": before.captions.shape[1] / captions}
    return Moved(
        images=stay,
        captions=shared_neighbors(before.captions, after.captions),
        chance=chance,
        shown={name: int(row) for name, row in shown.items()},
    )


def middling(seen: Neighbors) -> dict[str, int]:
    """Rows to look at of one model alone: spread over the data."""
    count = len(seen.images)
    return {f"image {row}": row for row in (0, count // 2, count - 1)}
