"""Grounding and reasoning against the numbers that the published scorers gave and twins, and where they gave none."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import RecipeError
from impasto_lab.metrics import box_overlaps, find_boxes, judge_pairs, sentence_of
from impasto_lab.metrics.grounding import proposal_scores
from lab.metrics.official import inputs

GOLDENS: dict[str, Any] = json.loads(Path(__file__).with_name("official").joinpath("goldens.json").read_text())


def found(drawn, **options):
    return find_boxes(
        [torch.from_numpy(one.heat) for one in drawn],
        [one.size for one in drawn],
        [one.proposals for one in drawn],
        [one.truth for one in drawn],
        **options,
    )


def test_boxes_are_found_as_by_the_published_code():
    drawn = [one for one in inputs.expressions() if one.heat.any()]
    grounded = found(drawn)
    for split, wanted in GOLDENS["grounding"].items():
        of_split = np.array([f"{one.split}_d" == split for one in drawn])
        assert 0.1 < wanted < 0.9 and grounded.correct[of_split].mean() == pytest.approx(wanted)
    assert grounded.accuracy == pytest.approx(100 * grounded.correct.mean())


def test_a_map_on_no_proposal_finds_none():
    drawn = inputs.expressions()
    grounded = found(drawn)
    cold = np.array([not one.heat.any() for one in drawn])
    assert cold.sum() > 5 and (grounded.chosen[cold] == -1).all() and not grounded.correct[cold].any()
    assert (grounded.chosen[~cold] >= 0).all()
    none = find_boxes([torch.ones(2, 2)], [(8, 8)], [[]], [[0, 0, 4, 4]])
    assert none.chosen.tolist() == [-1] and none.accuracy == 0
    with pytest.raises(RecipeError, match="heat map 0 holds NaN"):
        find_boxes([torch.full((2, 2), torch.nan)], [(8, 8)], [[[0, 0, 4, 4]]], [[0, 0, 4, 4]])


def test_the_power_chooses_between_large_and_small():
    drawn = inputs.expressions()
    areas = [
        [
            one.proposals[at][2] * one.proposals[at][3]
            for one, at in zip(drawn, found(drawn, power=p).chosen, strict=True)
        ]
        for p in (0, 0.5, 1)
    ]
    sums = [sum(kind) for kind in areas]
    assert sums[0] > sums[1] > sums[2]


def test_overlaps_are_torchvision_s():
    ops = pytest.importorskip("torchvision.ops")
    boxes = torch.tensor([one.truth for one in inputs.expressions()], dtype=torch.float64)
    corners = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)
    wanted = ops.box_iou(corners, corners)
    ours = np.stack([box_overlaps(box, boxes) for box in boxes])
    assert (ours > 0.3).sum() > len(boxes) and np.allclose(ours, wanted)


def _inside(box) -> set[tuple[int, int]]:
    left, top, width, height = box
    return {
        (x, y)
        for x in range(int(left), int(left + width))
        for y in range(int(top), int(top + height))
        if min(x, y) >= 0
    }


def _enlarged(heat, x: int, y: int, size: tuple[int, int]) -> float:
    """Keys 1981, cubic convolution with a = -0.75, at a pixel's middle; beyond the edge the edge goes on."""

    def weight(away: float) -> float:
        away, a = abs(away), -0.75
        if away <= 1:
            return (a + 2) * away**3 - (a + 3) * away**2 + 1
        return a * away**3 - 5 * a * away**2 + 8 * a * away - 4 * a if away < 2 else 0.0

    height, width = len(heat), len(heat[0])
    down, across = (y + 0.5) * height / size[0] - 0.5, (x + 0.5) * width / size[1] - 0.5
    return sum(
        weight(down - row)
        * weight(across - column)
        * heat[min(max(row, 0), height - 1)][min(max(column, 0), width - 1)]
        for row in range(math.floor(down) - 1, math.floor(down) + 3)
        for column in range(math.floor(across) - 1, math.floor(across) + 3)
    )


_SIDES = st.integers(1, 6)
_BOXES = st.tuples(st.integers(0, 7), st.integers(0, 7), _SIDES, _SIDES)
_MAPS = st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=3, max_size=3)


@given(_MAPS, st.lists(_BOXES, max_size=4), st.tuples(_SIDES, _SIDES), st.sampled_from([0, 0.5, 1]), st.floats(0, 0.9))
def test_a_box_scores_the_pixels_within_it(heat, boxes, size, power, more):
    moved = [[left + more, top, width + more, height] for left, top, width, height in boxes]
    found = proposal_scores(torch.tensor(heat).float(), size, moved, power=power)
    pixels = {(x, y): _enlarged(heat, x, y, size) for x in range(size[1]) for y in range(size[0])}
    wanted = [sum(pixels.get(one, 0.0) for one in _inside(box)) / (box[2] * box[3]) ** power for box in moved]
    assert found == pytest.approx(wanted, abs=1e-6)


@given(st.data())
def test_expressions_are_found_as_counting_pixels_finds_them(data):
    """Maps of the image's size with few hot pixels, whole boxes, and truths near them: sums and shares of pixels."""
    near = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 4), st.integers(1, 4))
    heats, proposals, truths, found, right = [], [], [], [], 0
    for _ in range(data.draw(st.integers(1, 4))):
        hot = data.draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=4))
        boxes = data.draw(st.lists(near, max_size=4))
        left, top, width, height = data.draw(st.sampled_from(boxes) if boxes else near)
        truth = left, top, data.draw(st.sampled_from([width, 2 * width])), height
        scores = [Fraction(sum(one in _inside(box) for one in hot), box[2] * box[3]) for box in boxes]
        best = max(scores, default=0)
        found.append(scores.index(best) if best > 0 else -1)
        if best > 0:
            chosen, meant = _inside(boxes[found[-1]]), _inside(truth)
            right += 2 * len(chosen & meant) >= len(chosen | meant)
        heats.append(
            torch.zeros(8, 8).index_put(tuple(torch.tensor(hot).T.flip(0)), torch.ones(len(hot)), accumulate=True)
        )
        proposals.append(boxes)
        truths.append(truth)
    grounded = find_boxes(heats, [(8, 8)] * len(heats), proposals, truths, power=1)
    assert grounded.chosen.tolist() == found
    assert grounded.accuracy == pytest.approx(100 * right / len(found))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.booleans(), st.booleans()), min_size=1))
def test_shares_of_statements_and_of_sentences(drawn):
    """Suhr et al. 2019, section 5: a sentence counts where each of its pairs is judged rightly."""
    names = [f"dev-{number}-{pair}-{number % 2}" for number, pair, _, _ in drawn]
    scored = judge_pairs([one[2] for one in drawn], [one[3] for one in drawn], [*map(sentence_of, names)])
    right = [guess == label for _, _, guess, label in drawn]
    numbers = {one[0] for one in drawn}
    always = [n for n in numbers if all(ok for ok, one in zip(right, drawn, strict=True) if one[0] == n)]
    assert scored.accuracy == pytest.approx(100 * right.count(True) / len(right))
    assert scored.consistency == pytest.approx(100 * len(always) / len(numbers))


def test_sentences_that_are_always_right():
    names, labels, predicted = inputs.judgements()
    scored, wanted = judge_pairs(predicted, labels, [*map(sentence_of, names)]), GOLDENS["reasoning"]
    assert wanted["consistency"] < wanted["accuracy"] < 1
    assert scored.accuracy == pytest.approx(100 * wanted["accuracy"])
    assert scored.consistency == pytest.approx(100 * wanted["consistency"])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: find_boxes([], [], [], []), "no expressions"),
        (lambda: find_boxes([torch.ones(2, 2)], [], [[]], [[0, 0, 1, 1]]), "1 heat maps, 0 sizes"),
        (lambda: find_boxes([torch.ones(4)], [(8, 8)], [[]], [[0, 0, 1, 1]]), r"\[4\] must be \[h, w\]"),
        (lambda: find_boxes([torch.ones(2, 2)], [(8, 8)], [[[0, 0, 0, 3]]], [[0, 0, 1, 1]]), "no area"),
        (lambda: find_boxes([torch.ones(2, 2)], [(8, 8)], [[]], [[0, 0, 1]]), r"truths of shape \[1, 3\]"),
        (lambda: judge_pairs([], [], []), "at least 1"),
        (lambda: judge_pairs([1], [1, 0], ["a", "b"]), "one of each"),
        (lambda: sentence_of("dev-1-0"), "split-set-pair-sentence"),
    ],
)
def test_what_cannot_be_scored(call, told):
    with pytest.raises(RecipeError, match=told):
        call()
