"""Mean IoU beside a naive twin; average precision by two counters, and where it is known without counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import jaccard_score

from impasto import RecipeError
from impasto_lab.metrics import Found, Truth, average_precision, confusion, mean_iou

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_mean_iou_is_the_mean_of_jaccards(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    truth, found = rng.integers(0, classes, (2, 3, 8, 9))
    truth[rng.random(truth.shape) < 0.2] = 255
    tables = [confusion(one, other, classes) for one, other in zip(found, truth, strict=True)]
    counted = truth != 255
    there = sorted({*truth[counted], *found[counted]})
    expected = jaccard_score(truth[counted], found[counted], labels=there, average="macro")
    assert mean_iou(sum(tables)) == pytest.approx(100 * expected)
    assert mean_iou(confusion(found, truth, classes + 1)) == pytest.approx(100 * expected), "a class that isn't there"


def test_maps_that_do_not_fit_are_refused() -> None:
    assert math.isnan(mean_iou(np.zeros((3, 3))))
    with pytest.raises(RecipeError, match="don't fit"):
        confusion(np.zeros((2, 2)), np.zeros((2, 3)), 2)
    with pytest.raises(RecipeError, match=r"hold 0 to 7, which is not in 0\.\.1"):
        confusion(np.full((2, 2), 7), np.zeros((2, 2)), 2)


def _images(seed: int, count: int = 12) -> tuple[list[Found], list[Truth]]:
    rng = np.random.default_rng(seed)
    found, truth = [], []
    for _ in range(count):
        corners = rng.uniform(0, 60, (int(rng.integers(1, 6)), 2))
        boxes = np.concatenate([corners, corners + rng.uniform(5, 40, corners.shape)], axis=1)
        labels = rng.integers(1, 4, len(boxes))
        truth.append(Truth(boxes, labels, rng.random(len(boxes)) < 0.1))
        seen = np.concatenate([boxes + rng.normal(0, 2, boxes.shape), boxes + 30])
        found.append(Found(seen, np.tile(labels, 2), rng.random(len(seen))))
    return found, truth


@pytest.mark.parametrize("seed", range(5))
def test_both_counters_agree(seed: int) -> None:
    found, truth = _images(seed)
    one, other = (average_precision(found, truth, counter=by) for by in ("pycocotools", "faster_coco_eval"))
    assert 1 < one["mAP"] < one["AP50"] < 99
    np.testing.assert_allclose(list(one.values()), list(other.values()), rtol=1e-9)


def test_what_is_known_without_counting() -> None:
    _, truth = _images(0)
    truth = [one._replace(crowd=None) for one in truth]
    same = [Found(one.boxes, one.labels, np.ones(len(one.labels))) for one in truth]
    assert average_precision(same, truth)["mAP"] == pytest.approx(100)
    wrong = [one._replace(labels=one.labels % 3 + 1) for one in same]
    assert average_precision(wrong, truth)["AP50"] < 20
    nothing = [Found(np.zeros((0, 4)), np.zeros(0), np.zeros(0)) for _ in truth]
    assert average_precision(nothing, truth)["mAP"] == 0
    assert math.isnan(average_precision(nothing, [Truth(one.boxes, one.labels) for one in nothing])["mAP"])
    with pytest.raises(RecipeError, match="11 images were looked at, 12 are known"):
        average_precision(same[:-1], truth)


def test_precision_at_one_threshold_as_counted_by_hand() -> None:
    """Three things, found as hit, miss, hit in the order of scores: precision 1 up to a third, 2/3 up to two thirds."""
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], np.float64)
    found = np.concatenate([boxes[:1], [[60, 0, 70, 10]], boxes[1:2]])
    scores = average_precision(
        [Found(found, np.ones(3, int), np.array([0.9, 0.8, 0.7]))], [Truth(boxes, np.ones(3, int))]
    )
    assert scores["AP50"] == pytest.approx(100 * (34 * 1 + 33 * 2 / 3) / 101)


def test_a_box_that_is_a_little_off_is_found_at_some_thresholds() -> None:
    """An overlap of 0.62 passes three of the ten thresholds, far from the corner that boxes are measured from."""
    truth = [Truth(np.array([[40.0, 60, 50, 70]]), np.ones(1, int))]
    found = [Found(np.array([[40.0, 60, 46.2, 70]]), np.ones(1, int), np.ones(1))]
    assert average_precision(found, truth)["mAP"] == pytest.approx(30)
