"""Probes of Gaussians, of which the best rule is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from impasto import RecipeError
from impasto_lab.metrics import probe_classes, probe_presence


def _two(count: int, distance: float, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit Gaussians in three dimensions whose centers are so far apart, and of which each row is."""
    rng = np.random.default_rng(seed)
    kind = np.arange(count) % 2 == 1
    features = rng.normal(size=(count, 3))
    features[:, 1] += distance * kind
    return features, kind


@pytest.mark.parametrize("distance", [0.0, 1.5, 6.0])
def test_a_probe_errs_as_often_as_the_best_rule(distance: float) -> None:
    features, kind = _two(2000, distance)
    best, area = 100 * stats.norm.cdf(distance / 2), 100 * stats.norm.cdf(distance / np.sqrt(2))
    named = probe_classes(features, np.where(kind, "red", "blue"))
    there = probe_presence(features, np.stack([kind, ~kind], axis=1))
    assert named is not None and there is not None
    assert named.score == pytest.approx(best, abs=3) and named.chance == pytest.approx(50)
    assert there.score == pytest.approx(area, abs=3) and there.chance == 50


def test_what_is_rare_is_left_out() -> None:
    features, kind = _two(100, 4.0)
    names = np.where(kind, "red", "blue").astype(object)
    names[:4] = "rare"
    found = probe_classes(features, names.astype(str))
    assert found is not None and found.chance == pytest.approx(50) and found.score > 90
    never, always, seldom = np.zeros(100, bool), np.ones(100, bool), np.arange(100) < 4
    assert probe_presence(features, np.stack([never, always, seldom], axis=1)) is None
    assert probe_classes(features, np.full(100, "one")) is None
    alone = probe_presence(features, np.stack([never, kind], axis=1))
    assert alone == probe_presence(features, kind[:, None])


def test_rows_of_a_group_stay_together() -> None:
    """Groups of five alike rows with a class drawn for each: apart, nothing is to be learned; mixed up, all is."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(60), 5)
    features = np.eye(60)[groups] + rng.normal(scale=0.01, size=(300, 60))
    classes = rng.integers(0, 2, 60)[groups]
    apart, mixed = probe_classes(features, classes, groups=groups), probe_classes(features, classes)
    assert apart is not None and mixed is not None
    assert mixed.score > 95 and apart.score < 65


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(RecipeError, match="one class for each row"):
        probe_classes(np.zeros((4, 2)), ["a"])
    with pytest.raises(RecipeError, match="a row for each row"):
        probe_presence(np.zeros((4, 2)), np.zeros((3, 1), bool))
