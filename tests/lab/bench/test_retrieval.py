"""The bench of retrieval: answers are compared, figures follow from what was measured."""

from __future__ import annotations

import json

import pytest
import torch

from impasto import RecipeError
from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.retrieval.measuring import hours, require_same, run
from impasto_lab.bench.retrieval.settings import RetrievalTiming

FEW = RetrievalTiming.quick(images=40, encoded=4, searched=6, k=3, asked=2, rounds=1)


def test_answers_agree_and_figures_add_up() -> None:
    found = run(FEW)
    told = json.loads(json.dumps(found.as_dict()))
    assert told["apart"] < 1e-4
    assert told["score_bytes"] == 40 * 200 * 4
    assert told["ratio"] == pytest.approx(told["seconds"]["loop"] / told["seconds"]["search"])
    assert told["rates"]["pairs"] == pytest.approx(2 * 10 / told["seconds"]["vilt"])
    assert set(told["seconds"]) == {"product", "ranks", "search", "loop", "vilt"}


def test_coco_s_pairs_are_counted() -> None:
    coco = RetrievalTiming(k=16)
    assert hours(coco, rate=1000.0) == {
        "all": pytest.approx(125e6 / 3.6e6),
        "prefiltered": pytest.approx(480e3 / 3.6e6),
    }


def test_other_answers_are_refused() -> None:
    one = torch.tensor([[1.0, float("-inf")]])
    assert require_same((one, one), (one, one + 1e-5)) == pytest.approx(1e-5, rel=0.1)
    for other, reason in ((one + 0.1, "differently about a pair, by 0.1"), (one.flip(1), "different pairs")):
        with pytest.raises(AnswersDifferError, match=reason):
            require_same((one, one), (one, other))
    with pytest.raises(RecipeError, match="k=16 of 8 images"):
        RetrievalTiming(searched=8)
