"""How two towers lay out images and captions on their sphere: pure functions of embeddings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from impasto.checks import require

Vectors = npt.NDArray[np.floating[Any]]

#: Rows whose distances to all others are held at once.
_ROWS = 1024


def modality_gap(images: Vectors, texts: Vectors) -> float:
    """The distance between the mean of images and the mean of texts.

    Liang et al. 2022 (arXiv 2203.02053, section 4.1): 0 if both lie around one center, up to 2 on a unit sphere.

    Args:
        images: [N, D] of length 1.
        texts: [M, D] of length 1.

    Raises:
        RecipeError: If one is empty, or their dimensions differ.
    """
    _check(images, texts)
    between = images.mean(axis=0, dtype=np.float64) - texts.mean(axis=0, dtype=np.float64)  # [D]
    return float(np.linalg.norm(between))


def alignment(images: Vectors, texts: Vectors, *, power: float = 2.0) -> float:
    """The mean distance of what belongs together, to a power: 0 is best.

    Wang and Isola 2020 (arXiv 2005.10242, section 4.1.1), whose power is 2; on a unit sphere that lies in [0, 4].

    Args:
        images: [P, D] of length 1.
        texts: [P, D] of length 1; row i belongs to image i.
        power: Of the distance.

    Raises:
        RecipeError: If there are no pairs, or shapes differ.
    """
    _check(images, texts)
    require(len(images) == len(texts), f"{len(images)} images and {len(texts)} texts are no pairs, row by row")
    between = images.astype(np.float64) - texts.astype(np.float64)  # [P, D]
    return float((np.linalg.norm(between, axis=1) ** power).mean())


def uniformity(vectors: Vectors, *, sharpness: float = 2.0) -> float:
    """How evenly vectors are spread: the logarithm of the mean Gaussian potential of all pairs; lower is more even.

    Wang and Isola 2020 (arXiv 2005.10242, section 4.1.2), with t = 2: 0 if all are in one place, about -4 at best on a
    sphere of many dimensions.

    Args:
        vectors: [N, D] of length 1, two at least.
        sharpness: t, of the Gaussian exp(-t d^2).

    Raises:
        RecipeError: If there are fewer than two.
    """
    require(vectors.ndim == 2 and len(vectors) > 1, f"vectors {list(vectors.shape)} are no pairs; give two or more")
    exact = vectors.astype(np.float64)
    norms = (exact**2).sum(axis=1)  # [N]
    sums = []
    for start in range(0, len(exact), _ROWS):
        rows = slice(start, start + _ROWS)
        squares = np.maximum(norms[rows, None] + norms[None, :] - 2 * exact[rows] @ exact.T, 0)  # [R, N]
        potentials = -sharpness * squares
        at = np.arange(len(squares))
        potentials[at, start + at] = -np.inf  # nothing is a pair with itself
        sums.append(logsumexp(potentials))
    return float(logsumexp(sums)) - math.log(len(exact) * (len(exact) - 1))


def nearest(queries: Vectors, table: Vectors, count: int, *, themselves: bool = False) -> npt.NDArray[np.int64]:
    """The rows of a table that are most similar to each query, the most similar first; of ties, the first row.

    Args:
        queries: [Q, D] of length 1.
        table: [N, D] of length 1.
        count: How many of each, K.
        themselves: Queries are the table, and no row is a neighbor of itself.

    Returns:
        [Q, K].

    Raises:
        RecipeError: If the table is too small, or dimensions differ.
    """
    _check(queries, table)
    most = len(table) - themselves
    require(1 <= count <= most, f"count={count} neighbors of {most} candidates; ask for 1 to {most}")
    scores = queries.astype(np.float64) @ table.astype(np.float64).T  # [Q, N]
    if themselves:
        np.fill_diagonal(scores, -np.inf)
    order: npt.NDArray[np.int64] = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return order


def shared_neighbors(before: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Of each query, the share of its neighbors that two models have in common.

    Args:
        before: [Q, K] rows, as `nearest` has them.
        after: [Q, K] rows of the same table.

    Returns:
        [Q] from 0 to 1; K / N is what two random orders of N candidates share.

    Raises:
        RecipeError: If shapes differ.
    """
    require(before.shape == after.shape and before.ndim == 2, "both models need as many neighbors of each query")
    common = (before[:, :, None] == after[:, None, :]).any(axis=2)  # [Q, K]
    shares: npt.NDArray[np.float64] = common.mean(axis=1)
    return shares


def _check(one: Vectors, other: Vectors) -> None:
    shapes = f"{list(one.shape)} and {list(other.shape)}"
    require(one.ndim == other.ndim == 2 and one.shape[1:] == other.shape[1:], f"embeddings {shapes} don't fit")
    require(min(len(one), len(other)) > 0, f"embeddings {shapes}: there are none")
