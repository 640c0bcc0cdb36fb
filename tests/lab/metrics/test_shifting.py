"""Distances of domains against what is known of Gaussians, and shares counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from impasto import RecipeError
from impasto_lab.metrics import a_distance, mean_corruption_error, mmd, shape_bias


def _gaussians(count: int, dim: int, distance: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, (2, count, dim)).astype(np.float32)
    other[:, 0] += distance
    return one, other


@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0, 8.0])
def test_a_probe_errs_as_often_as_the_best_one(distance: float) -> None:
    """Of two unit Gaussians, no rule errs less often than half of their distance says."""
    least = stats.norm.cdf(-distance / 2)
    assert a_distance(*_gaussians(2000, 3, distance)) == pytest.approx(2 * (1 - 2 * least), abs=0.09)


def test_a_probe_is_asked_about_what_it_was_not_fitted_to() -> None:
    """So many features tell any few apart that they were fitted to."""
    assert a_distance(*_gaussians(40, 60, 0.0)) < 0.7


def test_the_larger_domain_is_not_the_likelier() -> None:
    one, other = _gaussians(1000, 3, 0.0)
    assert a_distance(one, other[:100]) < 0.4


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0])
def test_mmd_is_what_it_is_of_gaussians(distance: float) -> None:
    """The kernel's mean over pairs of a Gaussian's is a Gaussian integral."""
    dim, width = 4, 1.5
    shared = (width**2 / (width**2 + 2)) ** (dim / 2)
    known = 2 * shared * (1 - math.exp(-(distance**2) / (2 * (width**2 + 2))))
    assert mmd(*_gaussians(1500, dim, distance), bandwidth=width) == pytest.approx(known, abs=0.01)


def test_mmd_has_no_bias() -> None:
    rng = np.random.default_rng(1)
    values = [mmd(*rng.normal(0, 1, (2, 20, 3)).astype(np.float32)) for _ in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(200) and min(values) < 0


def test_shape_bias_counts_what_is_called_by_shape_or_look() -> None:
    shapes, looks = np.array([0, 1, 2, 3, 0]), np.array([1, 2, 3, 0, -1])
    # by shape, by look, by look, by neither, by neither though it is called -1
    assert shape_bias(np.array([0, 2, 3, 1, -1]), shapes=shapes, looks=looks) == pytest.approx(100 / 3)
    assert shape_bias(np.array([3, 3, 0, 1, 2]), shapes=shapes, looks=looks) is None


def test_corruption_errors_are_relative_to_the_baselines() -> None:
    """(0.2 + 0.4) / (0.4 + 0.8) = 1/2 and 0.6 / 0.4 = 3/2."""
    ours = {"fog": [0.2, 0.4], "snow": [0.2, 0.4]}
    theirs = {"fog": [0.4, 0.8], "snow": [0.1, 0.3]}
    assert mean_corruption_error(ours, theirs) == pytest.approx(100.0)
    assert mean_corruption_error({"fog": [0.2, 0.4]}, {"fog": [0.4, 0.8]}) == pytest.approx(50.0)
    with pytest.raises(RecipeError, match="no error"):
        mean_corruption_error(ours, {**theirs, "fog": [0.0, 0.0]})


def test_too_few_say_nothing() -> None:
    few = np.zeros((9, 2), np.float32)
    for measure in (a_distance, mmd):
        with pytest.raises(RecipeError, match="ten of each"):
            measure(few, few)
        with pytest.raises(RecipeError, match="don't fit"):
            measure(np.zeros((20, 2), np.float32), np.zeros((20, 3), np.float32))
