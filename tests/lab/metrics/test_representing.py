"""Geometry of embeddings against loops over pairs, other libraries and distributions that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.spatial.distance import pdist
from sklearn.neighbors import NearestNeighbors

from impasto import RecipeError
from impasto_lab.metrics import alignment, modality_gap, nearest, shared_neighbors, uniformity


def _sphere(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    drawn = rng.normal(size=(count, dim))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_the_gap_of_two_caps_is_the_distance_of_their_centers() -> None:
    one = np.array([[1, 0], [0, 1]], np.float32)  # the mean is (0.5, 0.5)
    other = np.array([[-1, 0], [0, 1], [0, 1], [-1, 0]], np.float32)  # (-0.5, 0.5)
    assert modality_gap(one, other) == pytest.approx(1.0)
    assert modality_gap(one, one[::-1]) == 0.0


def test_alignment_is_counted_pair_by_pair() -> None:
    rng = np.random.default_rng(0)
    images, texts = _sphere(rng, 40, 5), _sphere(rng, 40, 5)
    for power in (1.0, 2.0):
        pairs = [math.dist(image, text) ** power for image, text in zip(images, texts, strict=True)]
        assert alignment(images, texts, power=power) == pytest.approx(sum(pairs) / len(pairs), rel=1e-5)
    assert alignment(images, images) == 0.0 and alignment(images, -images) == pytest.approx(4.0, rel=1e-5)


@pytest.mark.parametrize("sharpness", [0.5, 2.0])
def test_uniformity_is_that_of_all_pairs(sharpness: float) -> None:
    """More rows than are held at once, so that the parts are put together too."""
    vectors = _sphere(np.random.default_rng(1), 1500, 4)
    known = math.log(np.exp(-sharpness * pdist(vectors.astype(np.float64)) ** 2).mean())
    assert uniformity(vectors, sharpness=sharpness) == pytest.approx(known, rel=1e-6)


def test_uniformity_of_an_even_circle_is_its_integral() -> None:
    """On a circle the mean potential is an integral over the angle; what lies in one place has 0."""
    angles = np.random.default_rng(2).uniform(0, 2 * math.pi, 4000)
    known, _ = quad(lambda angle: math.exp(-2 * (2 - 2 * math.cos(angle))) / (2 * math.pi), 0, 2 * math.pi)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert uniformity(circle) == pytest.approx(math.log(known), abs=0.01)
    assert uniformity(np.tile([[1.0, 0.0]], (5, 1))) == pytest.approx(0.0, abs=1e-9)


def test_the_nearest_are_sklearns() -> None:
    rng = np.random.default_rng(3)
    queries, table = _sphere(rng, 30, 6), _sphere(rng, 50, 6)
    oracle = NearestNeighbors(n_neighbors=7, metric="cosine", algorithm="brute")
    assert (nearest(queries, table, 7) == oracle.fit(table).kneighbors(queries, return_distance=False)).all()
    assert (nearest(table, table, 7, themselves=True) == oracle.kneighbors(return_distance=False)).all()
    tied = np.tile(table[:1], (4, 1))
    assert nearest(tied, tied, 2, themselves=True).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]


def test_neighbors_are_shared_as_sets_are() -> None:
    rng = np.random.default_rng(4)
    before, after = (np.array([rng.permutation(40)[:10] for _ in range(3000)]) for _ in range(2))
    counted = [len(set(one) & set(other)) / 10 for one, other in zip(before, after, strict=True)]
    shared = shared_neighbors(before, after)
    assert shared.tolist() == pytest.approx(counted)
    assert shared.mean() == pytest.approx(10 / 40, abs=0.01)
    assert (shared_neighbors(before, before[:, ::-1]) == 1).all()


def test_what_does_not_fit() -> None:
    one = np.ones((4, 2), np.float32)
    with pytest.raises(RecipeError, match="don't fit"):
        modality_gap(one, np.ones((4, 3), np.float32))
    with pytest.raises(RecipeError, match="no pairs"):
        alignment(one, one[:3])
    with pytest.raises(RecipeError, match="two or more"):
        uniformity(one[:1])
    with pytest.raises(RecipeError, match="ask for 1 to 3"):
        nearest(one, one, 4, themselves=True)
    with pytest.raises(RecipeError, match="as many"):
        shared_neighbors(np.zeros((3, 2), np.int64), np.zeros((3, 4), np.int64))
