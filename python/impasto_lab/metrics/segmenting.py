"""Segmentation: how well maps of classes cover each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.errors import RecipeError
from impasto.sources import VOID


def confusion(found: npt.ArrayLike, truth: npt.ArrayLike, classes: int, *, void: int = VOID) -> npt.NDArray[np.int64]:
    """How many pixels of each class were taken for which.

    Args:
        found: Maps of any shape, of classes in ``range(classes)``.
        truth: Maps of the same shape, of the same classes, or ``void``.
        classes: How many there are, the ground among them.
        void: What the truth says of pixels that count for nothing.

    Returns:
        [classes, classes] int64: the true class down, the one found across. Those of several images add up.

    Raises:
        RecipeError: If shapes differ, or a class is out of range.
    """
    ours, theirs = np.asarray(found), np.asarray(truth)
    if ours.shape != theirs.shape:
        raise RecipeError(f"maps of {list(ours.shape)} and {list(theirs.shape)} don't fit each other")
    counted = theirs != void
    pairs = np.stack([theirs[counted], ours[counted]]).astype(np.int64)
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < classes:
        raise RecipeError(f"maps hold {pairs.min()} to {pairs.max()}, which is not in 0..{classes - 1}")
    table: npt.NDArray[np.int64] = np.bincount(pairs[0] * classes + pairs[1], minlength=classes**2)
    return table.reshape(classes, classes)


def mean_iou(table: npt.ArrayLike) -> float:
    """The mean over classes of intersection over union (Everingham et al. 2010), in per cent.

    Args:
        table: Of `confusion`. Classes that are neither there nor found have none, and are left out.
    """
    counts = np.asarray(table, np.float64)
    hits = np.diag(counts)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    there = union > 0
    return float(100 * np.mean(hits[there] / union[there])) if there.any() else float("nan")
