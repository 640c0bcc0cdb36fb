"""BLEU and CIDEr-D against the numbers that pycocoevalcap gave for the same words, itself, and the papers' formulas."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def _ngrams(words: list[str], order: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + order]) for at in range(len(words) - order + 1)]


def _bleu_twin(captions: list[list[str]], references: list[list[list[str]]], orders: int) -> float:
    """Papineni et al. 2002, sections 2.1 to 2.3: clipped counts, and what a corpus too short is worth."""
    product, said, wanted = 1.0, 0, 0
    for order in range(1, orders + 1):
        clipped = total = 0
        for caption, written in zip(captions, references, strict=True):
            own = _ngrams(caption, order)
            total += len(own)
            for ngram in set(own):
                clipped += min(own.count(ngram), max(_ngrams(one, order).count(ngram) for one in written))
        if clipped == 0:
            return 0.0
        product *= clipped / total
    for caption, written in zip(captions, references, strict=True):
        said += len(caption)
        nearest = min(abs(len(one) - len(caption)) for one in written)
        wanted += min(len(one) for one in written if abs(len(one) - len(caption)) == nearest)
    brevity = 1.0 if said > wanted else math.exp(1 - wanted / said)
    return brevity * product ** (1 / orders)


def _cider_twin(captions: list[list[str]], references: list[list[list[str]]], at: int) -> float:
    """Vedantam et al. 2015, section 4 and equation 5, with counts for term frequencies as the published code has it."""

    def weight(words: list[str], ngram: tuple[str, ...]) -> float:
        order = len(ngram)
        images = sum(any(ngram in _ngrams(one, order) for one in several) for several in references)
        return _ngrams(words, order).count(ngram) * math.log(len(references) / max(1, images))

    score = 0.0
    for order in range(1, 5):
        for reference in references[at]:
            every = {*_ngrams(captions[at], order), *_ngrams(reference, order)}
            pairs = [(weight(captions[at], ngram), weight(reference, ngram)) for ngram in every]
            lengths = math.sqrt(sum(own**2 for own, _ in pairs)) * math.sqrt(sum(other**2 for _, other in pairs))
            if lengths == 0:
                continue
            alike = sum(min(own, other) * other for own, other in pairs) / lengths
            longer = len(captions[at]) - len(reference)
            score += 10 * alike * math.exp(-(longer**2) / (2 * 6**2)) / len(references[at]) / 4
    return score


_TEXTS = st.lists(st.sampled_from("abcd"), max_size=9)
_CORPORA = st.lists(st.tuples(_TEXTS, st.lists(_TEXTS, min_size=1, max_size=3)), min_size=1, max_size=5)


@given(_CORPORA)
def test_scores_are_the_formulas_of_the_papers(corpus):
    captions, references = [list(one) for one in zip(*corpus, strict=True)]
    ours = bleu(captions, references)
    for orders in range(1, 5):
        if any(len(caption) >= orders for caption in captions):  # else the formula divides by nothing
            # Where nothing matches the published code keeps a rest: at most the fourth root of 1e-15.
            assert ours[orders - 1] == pytest.approx(_bleu_twin(captions, references, orders), abs=2e-4)
    wanted = [_cider_twin(captions, references, at) for at in range(len(captions))]
    assert cider(captions, references) == pytest.approx(wanted, abs=1e-9)


@given(_CORPORA.filter(lambda corpus: all(all(several) for _, several in corpus)))
def test_scores_are_pycocoevalcap_s_where_it_is_installed(corpus):
    scorers = (
        pytest.importorskip("pycocoevalcap.bleu.bleu_scorer"),
        pytest.importorskip("pycocoevalcap.cider.cider_scorer"),
    )
    bleus, ciders = scorers[0].BleuScorer(n=4), scorers[1].CiderScorer()
    for caption, several in corpus:
        for one in (bleus, ciders):
            one += " ".join(caption), [*map(" ".join, several)]
    captions, references = [list(one) for one in zip(*corpus, strict=True)]
    wanted, _ = bleus.compute_score(option="closest", verbose=0)
    assert bleu(captions, references) == pytest.approx(wanted, abs=1e-6)
    assert cider(captions, references) == pytest.approx(ciders.compute_score()[1], abs=1e-6)


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
