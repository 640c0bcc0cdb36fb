"""Grounding and reasoning against the numbers that the published scorers gave, and where they gave none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.errors import RecipeError
from impasto_lab.metrics import box_overlaps, find_boxes, judge_pairs, sentence_of
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
