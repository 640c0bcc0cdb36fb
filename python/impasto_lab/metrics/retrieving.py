"""Retrieval: how often the right caption or image is among the first K."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.errors import RecipeError

#: How many results are looked at.
CUTS = (1, 5, 10)
#: Images whose scores are compared at a time: of COCO's 25,000 captions 6 MB, where all would take gigabytes.
_ROWS = 64


@dataclass(frozen=True)
class Retrieval:
    """Recalls in per cent, as the papers report them.

    Attributes:
        text: R@1, R@5 and R@10 of finding one of an image's captions (TR, image to text).
        image: R@1, R@5 and R@10 of finding a caption's image (IR, text to image).
        text_ranks: [N] the rank, from 0, of each image's best caption among all captions.
        image_ranks: [M] the rank, from 0, of each caption's image among all images.
    """

    text: tuple[float, float, float]
    image: tuple[float, float, float]
    text_ranks: npt.NDArray[np.int64]
    image_ranks: npt.NDArray[np.int64]

    @property
    def rsum(self) -> float:
        """The sum of the six recalls: at most 600."""
        return sum(self.text) + sum(self.image)

    def as_dict(self) -> dict[str, float]:
        """``tr@1`` ... ``ir@10`` and ``rsum``, in per cent."""
        named = {f"tr@{cut}": recall for cut, recall in zip(CUTS, self.text, strict=True)}
        named |= {f"ir@{cut}": recall for cut, recall in zip(CUTS, self.image, strict=True)}
        return named | {"rsum": self.rsum}


def retrieval(scores: npt.ArrayLike, image_of: npt.ArrayLike, *, to_images: npt.ArrayLike | None = None) -> Retrieval:
    """Recalls of both directions from similarities.

    The rank of an image's captions is the number of wrong captions that score at least as high as its best right one;
    the rank of a caption's image, the number of wrong images that score at least as high as the right one. So a tie
    counts as a miss: a model that gives everything one score has recalls of 0 (where there are more than K), in
    whatever order the rows come.

    Args:
        scores: [N, M] similarity of each image and each caption.
        image_of: [M] the row of each caption's image; every image has at least one caption.
        to_images: [N, M] the similarities by which images are found for a caption, where they are others: each
            direction has candidates of its own that are looked at closely. What is -inf, in either table, was no
            candidate and is a miss at every K.

    Raises:
        RecipeError: If shapes don't fit, an image has no caption, or a score is not a number.
    """
    table, owners = np.asarray(scores), np.asarray(image_of)
    other = table if to_images is None else np.asarray(to_images)
    if table.ndim != 2 or owners.shape != (table.shape[1],):
        raise RecipeError(f"scores [N, M] and image_of [M] don't fit: {list(table.shape)} and {list(owners.shape)}")
    images = len(table)
    if not images or not np.array_equal(np.unique(owners), np.arange(images)):
        raise RecipeError(f"image_of must name each of the {images} images at least once, and nothing else")
    if other.shape != table.shape:
        raise RecipeError(f"scores and to_images don't fit: {list(table.shape)} and {list(other.shape)}")
    if np.isnan(table).any() or np.isnan(other).any():
        raise RecipeError("scores hold NaN, which has no rank; look at the embeddings")
    # What was no candidate was not found, however few there are.
    lost = len(owners) + CUTS[-1]
    own = other[owners, np.arange(len(owners))][None, :]  # [1, M]
    text_ranks, image_ranks = np.empty(images, np.int64), np.zeros(len(owners), np.int64)
    for begin in range(0, images, _ROWS):
        rows = np.arange(begin, min(begin + _ROWS, images))
        right = owners[None, :] == rows[:, None]  # [R, M]
        best = np.where(right, table[rows], -np.inf).max(axis=1, keepdims=True)  # [R, 1]
        text_ranks[rows] = np.where(best[:, 0] == -np.inf, lost, ((table[rows] >= best) & ~right).sum(axis=1))
        image_ranks += ((other[rows] >= own) & ~right).sum(axis=0)
    image_ranks[own[0] == -np.inf] = lost
    return Retrieval(_recalls(text_ranks), _recalls(image_ranks), text_ranks, image_ranks)


def chance(image_of: npt.ArrayLike) -> dict[str, float]:
    """The recalls to expect of a random order, in per cent; the names are those of `Retrieval.as_dict`.

    Args:
        image_of: [M] the row of each caption's image.
    """
    owners = np.asarray(image_of)
    captions = np.bincount(owners)
    total, images = len(owners), len(captions)
    expected: dict[str, float] = {}
    for cut in CUTS:
        taken = min(cut, total)
        missed = [math.comb(total - int(own), taken) / math.comb(total, taken) for own in captions]
        expected[f"tr@{cut}"] = 100 * (1 - sum(missed) / images)
    for cut in CUTS:
        expected[f"ir@{cut}"] = 100 * min(cut, images) / images
    return expected | {"rsum": sum(expected.values())}


def _recalls(ranks: npt.NDArray[np.int64]) -> tuple[float, float, float]:
    first, fifth, tenth = (100 * float((ranks < cut).mean()) for cut in CUTS)
    return first, fifth, tenth
