"""BLEU and CIDEr-D against the numbers that pycocoevalcap gave for the same words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.errors import RecipeError
from impasto_lab.metrics import bleu, cider
from lab.metrics.official import inputs

GOLDENS: dict[str, Any] = json.loads(Path(__file__).with_name("official").joinpath("goldens.json").read_text())


def test_scores_are_the_published_ones():
    for corpus, wanted in zip(inputs.corpora(), GOLDENS["captions"], strict=True):
        assert bleu(corpus.captions, corpus.references) == pytest.approx(wanted["bleu"], abs=1e-6)
        assert cider(corpus.captions, corpus.references) == pytest.approx(wanted["cider"], abs=1e-6)


def test_what_people_wrote_scores_all():
    captions = [f"{first} dog on {first} {second} mat".split() for first in "abc" for second in "de"]
    references = [[caption] for caption in captions]
    assert bleu(captions, references) == pytest.approx((1, 1, 1, 1))
    assert cider(captions, references) == pytest.approx(np.full(6, 10))
    assert cider(captions[::-1], references).max() < 10 and bleu(captions[::-1], references)[3] < 1


@pytest.mark.parametrize(
    ("captions", "references", "told"),
    [
        ([], [], "no captions"),
        ([["a"]], [], "1 captions and the references of 0"),
        ([["a"], ["b"]], [[["a"]], []], r"captions \[1\] have no references"),
        (["a dog"], [[["a"]]], r"\[0\] are strings.*split"),
    ],
)
@pytest.mark.parametrize("metric", [bleu, cider])
def test_what_cannot_be_scored(metric, captions, references, told):
    with pytest.raises(RecipeError, match=told):
        metric(captions, references)
