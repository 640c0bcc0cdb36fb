"""Captions written by a model, compared with those of people: BLEU and CIDEr-D."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from impasto.checks import require

Words = Sequence[str]
NGram = tuple[str, ...]

#: The longest n-grams that are compared.
_ORDERS = 4
#: What keeps the published BLEU from dividing by nothing: added to what matched, and to what there was.
_TINY, _SMALL = 1e-15, 1e-9
#: CIDEr-D's tolerance of differences in length, in words.
_SIGMA = 6.0


def bleu(captions: Sequence[Words], references: Sequence[Sequence[Words]]) -> tuple[float, float, float, float]:
    """BLEU-1 to BLEU-4 of a corpus (Papineni et al. 2002), with the reference closest in length.

    Args:
        captions: N captions, in words.
        references: For each of the N, the captions that people wrote, in words.

    Returns:
        Each in [0, 1].

    Raises:
        RecipeError: If there are no captions, the two differ in number, or a caption has no references.
    """
    _check(captions, references)
    matched, there = np.zeros(_ORDERS), np.zeros(_ORDERS)
    length = wanted = 0
    for caption, written in zip(captions, references, strict=True):
        length += len(caption)
        wanted += min((len(one) for one in written), key=lambda other: (abs(other - len(caption)), other))
        counts = _ngrams(caption)
        most: Counter[NGram] = Counter()
        for one in written:
            most |= _ngrams(one)
        for ngram, count in (counts & most).items():
            matched[len(ngram) - 1] += count
        there += [max(0, len(caption) - order) for order in range(_ORDERS)]
    precisions = (matched + _TINY) / (there + _SMALL)
    ratio = (length + _TINY) / (wanted + _SMALL)
    brevity = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    scores = brevity * np.cumprod(precisions) ** (1 / np.arange(1, _ORDERS + 1))
    first, second, third, fourth = scores.tolist()
    return first, second, third, fourth


def cider(captions: Sequence[Words], references: Sequence[Sequence[Words]]) -> npt.NDArray[np.float64]:
    """CIDEr-D (Vedantam et al. 2015) of each caption; a corpus has their mean.

    How rare an n-gram is is counted in these references, so that scores of different sets don't compare.

    Args:
        captions: N captions, in words.
        references: For each of the N, the captions that people wrote, in words.

    Returns:
        [N] in [0, 10]; the papers' tables give a hundred times the mean.

    Raises:
        RecipeError: If there are no captions, the two differ in number, or a caption has no references.
    """
    _check(captions, references)
    images = Counter(ngram for several in references for ngram in set().union(*map(_ngrams, several)))
    all_images = math.log(len(captions))

    def weigh(words: Words) -> dict[NGram, float]:
        # An n-gram that no reference has counts as one that a single image's have.
        counts = _ngrams(words)
        return {ngram: count * (all_images - math.log(max(1, images[ngram]))) for ngram, count in counts.items()}

    scores = np.empty(len(captions))
    for at, (caption, several) in enumerate(zip(captions, references, strict=True)):
        own = weigh(caption)
        scores[at] = 10 * np.mean([_alike(own, weigh(other), len(caption) - len(other)) for other in several])
    return scores


def _alike(own: dict[NGram, float], other: dict[NGram, float], longer: int) -> float:
    """The mean over orders of two captions' clipped cosine, less for a difference in length."""
    shared, of_own, of_other = np.zeros(_ORDERS), _norms(own), _norms(other)
    for ngram, weight in own.items():
        if (theirs := other.get(ngram)) is not None:
            shared[len(ngram) - 1] += min(weight, theirs) * theirs
    lengths = of_own * of_other
    cosines = np.divide(shared, lengths, out=shared, where=lengths > 0)
    return float(np.mean(cosines)) * math.exp(-(longer**2) / (2 * _SIGMA**2))


def _norms(weights: dict[NGram, float]) -> npt.NDArray[np.float64]:
    squares = np.zeros(_ORDERS)
    for ngram, weight in weights.items():
        squares[len(ngram) - 1] += weight**2
    return np.sqrt(squares)


def _ngrams(words: Words) -> Counter[NGram]:
    return Counter(
        tuple(words[at : at + order]) for order in range(1, _ORDERS + 1) for at in range(len(words) - order + 1)
    )


def _check(captions: Sequence[Words], references: Sequence[Sequence[Words]]) -> None:
    require(len(captions) > 0, "there are no captions to score")
    require(
        len(captions) == len(references),
        f"{len(captions)} captions and the references of {len(references)}; give each caption's references",
    )
    without = [at for at, several in enumerate(references) if not several]
    require(not without, f"captions {without[:3]} have no references")
    strings = [at for at, caption in enumerate(captions) if isinstance(caption, str)]
    require(not strings, f"captions {strings[:3]} are strings; give their words, such as caption.split()")
