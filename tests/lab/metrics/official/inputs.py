"""Answers and captions for our metrics and the published ones alike, from keyed streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.streams import stream

QUESTIONS, CORPORA, EXPRESSIONS = 600, 60, 90
#: What makes up answers: what the published normalizations change, and what they leave by a slip.
_PIECES = (
    *("yes", "No", "two", "TWO", "2", "none", "zero", "ten", "a", "the", "an", "red", "blue ", "dont", "don't"),
    *("wouldnt've", "y'allll", "somebody'd", "'ow'sat", "Im", "1,000", "2.5", "U.S.", "v.v", "...", "....." * 8),
    *("dog,", "(cat)", "a/b", "T-shirt", "tie - dye", "wow!", " x ?", "\n", "\t", "\u0663.", "\u0663,\u0664", "-"),
)
_WORDS = "abcdefgh"
#: Questions of a kind where nothing but halves are rounded: an odd number of 32 has three decimals.
_KIND = 32


@dataclass(frozen=True)
class Question:
    """A question's ten human answers, its types and a prediction."""

    answers: tuple[str, ...]
    predicted: str
    question_type: str
    answer_type: str


@dataclass(frozen=True)
class Corpus:
    """Captions and, for each, what people wrote, in words."""

    captions: list[list[str]]
    references: list[list[list[str]]]


def questions() -> list[Question]:
    """The questions, many of whose answers differ by what is normalized."""
    return [_question(number) for number in range(QUESTIONS)]


def told_apart() -> list[Question]:
    """Where the two Pythons differ: digits that are not ASCII, and kinds of 32 questions whose shares end in halves."""
    return [_told_apart(number) for number in range(_KIND * 6)]


def corpora() -> Iterator[Corpus]:
    """Small corpora of a small vocabulary, so that n-grams of all orders match."""
    for number in range(CORPORA):
        draw = stream(15, "captions", number)
        images = int(draw.integers(1, 9))
        captions = [_sentence(draw, least=0) for _ in range(images)]
        references = [[_sentence(draw, least=1) for _ in range(draw.integers(1, 6))] for _ in range(images)]
        yield Corpus(captions, references)


@dataclass(frozen=True)
class Expression:
    """A heat map [h, h], its image's size, proposals and truth as left, top, width, height, and the split."""

    heat: npt.NDArray[np.float64]
    size: tuple[int, int]
    proposals: list[list[float]]
    truth: list[float]
    split: str


def expressions() -> list[Expression]:
    """Maps that are hot somewhere, and proposals of which one is near the truth."""
    return [_expression(number) for number in range(EXPRESSIONS)]


def judgements() -> tuple[list[str], list[str], list[str]]:
    """NLVR2 identifiers, labels and predictions: three sentences in four have one pair of images or more."""
    draw = stream(15, "judgements")
    names = [f"dev-{number}-{pair}-{sentence}" for number in range(40) for sentence in range(2) for pair in range(4)]
    kept = [name for name in names if draw.random() < 0.6]
    labels = [str(bool(draw.integers(2))) for _ in kept]
    right = {"True": "False", "False": "True"}
    return kept, labels, [label if draw.random() < 0.8 else right[label] for label in labels]


def _expression(number: int) -> Expression:
    draw = stream(15, "expression", number)
    height, width = (int(side) for side in draw.integers(40, 90, 2))
    corners = draw.uniform(0, (width - 22, height - 22), (6, 2))
    proposals = np.concatenate([corners, draw.uniform(4, 22, (6, 2))], axis=1).round(2)
    truth = (proposals[draw.integers(6)] + draw.uniform(-3, 3, 4).round(2)).clip(1)
    heat = draw.standard_normal((8, 8)).clip(0)
    across, down = 8 * (truth[:2] + truth[2:] / 2) / (width, height)
    heat[int(down), int(across)] += draw.integers(0, 6)
    heat *= number % 7 > 0
    return Expression(heat, (height, width), proposals.tolist(), truth.tolist(), ("val", "testA", "testB")[number % 3])


def _question(number: int) -> Question:
    draw = stream(15, "question", number)
    pool = [_answer(draw) for _ in range(draw.integers(1, 4))]
    answers = tuple(str(draw.choice(pool)) for _ in range(10))
    same = str(draw.choice(pool))
    predicted = (same, same, same.upper(), f"{same}.", f"the {same}", _answer(draw))[draw.integers(6)]
    return Question(answers, predicted, f"kind {number % 5}", ("yes/no", "number", "other")[number % 3])


def _told_apart(number: int) -> Question:
    draw = stream(15, "told apart", number)
    kind = number // _KIND
    if kind % 2:  # all people agree: nothing or all of a point
        answers, predicted = ("yes",) * 10, ("yes", "no")[draw.integers(2)]
    else:
        pool = ["".join(draw.choice([".", ",", "\u0663", "2", "a", " "], 4)) for _ in range(2)]
        answers = tuple(str(draw.choice(pool)) for _ in range(10))
        predicted = str(draw.choice(pool)).replace(".", "" if draw.integers(2) else ".")
    return Question(answers, predicted, f"kind {kind}", "other")


def _answer(draw: np.random.Generator) -> str:
    pieces = [str(_PIECES[draw.integers(len(_PIECES))]) for _ in range(draw.choice([1, 1, 1, 2, 3]))]
    return (" ", "")[draw.integers(2)].join(pieces)


def _sentence(draw: np.random.Generator, least: int) -> list[str]:
    return [_WORDS[at] for at in draw.integers(len(_WORDS), size=draw.integers(least, 13))]
