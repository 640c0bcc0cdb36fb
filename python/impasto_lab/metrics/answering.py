"""Answers to questions about images, compared with those of ten people, as VQA 2.0 scores them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

from impasto.checks import choice, require

Scorer = Literal["official-2021", "official-python2", "albef"]

#: Answers that a question needs: each person's is compared with the others'.
_FEWEST = 2
#: Human answers that must agree with a prediction for all of a point.
_ENOUGH = 3

_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        ("none zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
    for word in words.split()
}
_ARTICLES = ("a", "an", "the")
_CONTRACTED = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
    he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't needn't not've
    o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
    someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've
    there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's
    what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've
    wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're you've
"""
#: What words become that lack one apostrophe; the last is the scorer's own slip.
_CONTRACTIONS = {
    word[:at] + word[at + 1 :]: word for word in _CONTRACTED.split() for at, sign in enumerate(word) if sign == "'"
} | {"somebody'd": "somebodyd"}


@dataclass(frozen=True)
class HumanAnswers:
    """What people answered to a question.

    Attributes:
        answers: Ten answers; any number from two on is scored.
        question_type: The question's first words, such as ``"how many"``.
        answer_type: ``"yes/no"``, ``"number"`` or ``"other"``.
    """

    answers: tuple[str, ...]
    question_type: str = ""
    answer_type: str = ""


@dataclass(frozen=True)
class AnswerAccuracy:
    """Accuracies in per cent, rounded to two decimals as the evaluation server does.

    Attributes:
        overall: Of all questions.
        by_question_type: Of those of each type.
        by_answer_type: Likewise.
        questions: Of each question, by its id, in [0, 1], not rounded.
    """

    overall: float
    by_question_type: Mapping[str, float]
    by_answer_type: Mapping[str, float]
    questions: Mapping[int, float]


def answer_accuracies(
    predicted: Mapping[int, str], humans: Mapping[int, HumanAnswers], *, scorer: Scorer = "official-2021"
) -> AnswerAccuracy:
    """VQA 2.0's accuracies (Antol et al. 2015; Goyal et al. 2017).

    Args:
        predicted: One answer to each question, by the question's id.
        humans: What people answered to the same questions.
        scorer: ``"official-2021"``, the evaluation code since March 2021, which leaves answers as they are where all
            people gave the same; ``"official-python2"``, the same under the Python 2 that it is written for (only ASCII
            digits are digits, halves are rounded up); ``"albef"``, the code before, which ALBEF and TCL carry: it
            normalizes predictions always, and of people's answers the punctuation alone.

    Raises:
        RecipeError: If there are no questions, those of the two differ, or a question has fewer than two answers.
    """
    require(len(humans) > 0, "there are no questions")
    missing, foreign = sorted(humans.keys() - predicted.keys()), sorted(predicted.keys() - humans.keys())
    require(
        not missing and not foreign,
        f"{len(missing)} questions have no prediction ({missing[:3]}) and {len(foreign)} predictions no question "
        f"({foreign[:3]}); results must be of this split, one for each question",
    )
    few = [number for number, asked in humans.items() if len(asked.answers) < _FEWEST]
    require(not few, f"questions {few[:3]} have one answer, which has nothing to be compared with; leave them out")
    found = {
        number: answer_accuracy(predicted[number], asked.answers, scorer=scorer) for number, asked in humans.items()
    }
    by_question: dict[str, list[float]] = {}
    by_answer: dict[str, list[float]] = {}
    for number, asked in humans.items():
        by_question.setdefault(asked.question_type, []).append(found[number])
        by_answer.setdefault(asked.answer_type, []).append(found[number])
    return AnswerAccuracy(
        _per_cent(list(found.values()), scorer),
        {kind: _per_cent(shares, scorer) for kind, shares in by_question.items()},
        {kind: _per_cent(shares, scorer) for kind, shares in by_answer.items()},
        found,
    )


def answer_accuracy(predicted: str, answers: Sequence[str], *, scorer: Scorer = "official-2021") -> float:
    """How right one answer is: the mean over people of ``min(1, n / 3)``, n of the others having given this answer.

    Args:
        predicted: The answer.
        answers: What people answered, at least two.
        scorer: See `answer_accuracies`.

    Returns:
        A share in [0, 1].

    Raises:
        RecipeError: If there are fewer than two answers, or no such scorer.
    """
    choice("scorer", scorer, ("official-2021", "official-python2", "albef"))
    alone = f"answers={list(answers)!r}: the answer of one person has nothing to be compared with"
    require(len(answers) >= _FEWEST, alone)
    given, people = _stripped(predicted), list(answers)
    ascii_only = scorer == "official-python2"
    if scorer != "albef":
        people = [_stripped(answer) for answer in people]
    apart = len(set(people)) > 1
    if scorer == "albef":
        given = _without_articles(_without_punctuation(given, ascii_only))
        people = [_without_punctuation(answer, ascii_only) for answer in people] if apart else people
    elif apart:
        given, *people = (_without_articles(_without_punctuation(text, ascii_only)) for text in (given, *people))
    matches = [answer == given for answer in people]
    return sum(min(1.0, (sum(matches) - match) / _ENOUGH) for match in matches) / len(people)


def normalize_answer(answer: str) -> str:
    """An answer as the evaluation compares it: without punctuation and articles, numbers up to ten as digits.

    Answer lists are made of answers in this form.

    Examples:
        >>> normalize_answer("The two dogs, dont!")
        "2 dogs don't"
    """
    return _without_articles(_without_punctuation(_stripped(answer), ascii_only=False))


def _stripped(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").strip()


def _without_punctuation(text: str, ascii_only: bool) -> str:
    flags = re.ASCII if ascii_only else 0
    thousands = re.search(r"\d,\d", text, flags) is not None
    result = text
    for sign in _PUNCTUATION:
        aside = f"{sign} " in text or f" {sign}" in text
        result = result.replace(sign, "" if aside or thousands else " ")
    # The published pattern's look-behind is inert by a slip, and its flag is taken for a count: 32 periods at most.
    return re.sub(r"\.(?!\d)", "", result, count=32, flags=flags)


def _without_articles(text: str) -> str:
    words = (_NUMBERS.get(word, word) for word in text.lower().split())
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)


def _per_cent(shares: Sequence[float], scorer: Scorer) -> float:
    exact = Decimal(100 * sum(shares) / len(shares))
    half = ROUND_HALF_UP if scorer == "official-python2" else ROUND_HALF_EVEN
    return float(exact.quantize(Decimal("0.01"), half))
