"""Accuracies of answers against the numbers that the published scorers gave, and where the three differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from impasto.errors import RecipeError
from impasto_lab.metrics import HumanAnswers, answer_accuracies, answer_accuracy, normalize_answer
from lab.metrics.official import inputs

GOLDENS: dict[str, Any] = json.loads(Path(__file__).with_name("official").joinpath("goldens.json").read_text())
TEN = ["dog"] * 10


@pytest.mark.parametrize("scorer", ["official-2021", "albef"])
def test_accuracies_are_the_published_ones(scorer):
    drawn = dict(enumerate(inputs.questions()))
    humans = {at: HumanAnswers(one.answers, one.question_type, one.answer_type) for at, one in drawn.items()}
    found = answer_accuracies({at: one.predicted for at, one in drawn.items()}, humans, scorer=scorer)
    wanted = GOLDENS["answers"][scorer]
    assert [round(100 * found.questions[at], 2) for at in drawn] == wanted["questions"]
    assert 10 < found.overall < 90 and found.overall == wanted["accuracy"]["overall"]
    assert found.by_question_type == wanted["accuracy"]["perQuestionType"]
    assert found.by_answer_type == wanted["accuracy"]["perAnswerType"]


def test_a_part_of_a_point_for_each_who_agrees():
    shares = [answer_accuracy("dog", ["dog"] * agree + ["cat"] * (10 - agree)) for agree in range(6)]
    assert shares == pytest.approx([0, 0.3, 0.6, 0.9, 1, 1])


@pytest.mark.parametrize(
    ("predicted", "answers", "shares"),
    [  # official-2021, official-python2, albef
        ("the dog", TEN, (0, 0, 1)),  # nothing is normalized where all people agree, but by ALBEF
        ("2", ["two"] * 5 + ["three"] * 5, (1, 1, 0)),  # ALBEF leaves people's number words
        ("a.\u0663", ["a\u0663"] * 5 + ["b"] * 5, (0, 1, 0)),  # a period before a digit that is not ASCII
    ],
)
def test_where_the_scorers_differ(predicted, answers, shares):
    scorers = ("official-2021", "official-python2", "albef")
    assert tuple(answer_accuracy(predicted, answers, scorer=name) for name in scorers) == shares


def test_halves_are_rounded_as_each_python_does():
    humans = dict.fromkeys(range(800), HumanAnswers(("yes",) * 4))
    predicted = dict.fromkeys(range(800), "no") | {0: "yes"}  # an eighth of a per cent
    found = [
        answer_accuracies(predicted, humans, scorer=name).overall for name in ("official-2021", "official-python2")
    ]
    assert found == [0.12, 0.13]


def test_answers_as_they_are_compared():
    assert normalize_answer(" The two\tdogs, (wow) dont!\n") == "2 dogs wow don't"
    assert normalize_answer("1,000") == "1000" and normalize_answer("a/b") == "b" and normalize_answer("2.5.") == "2.5"


@pytest.mark.parametrize(
    ("predicted", "told"), [({}, r"\[7\]"), ({7: "a", 8: "b"}, r"\[8\].*this split"), ({8: "b"}, r"\[7\].*\[8\]")]
)
def test_results_of_another_split(predicted, told):
    with pytest.raises(RecipeError, match=told):
        answer_accuracies(predicted, {7: HumanAnswers(("a", "b"))})
    with pytest.raises(RecipeError, match="no questions"):
        answer_accuracies({}, {})
    with pytest.raises(RecipeError, match=r"questions \[8\] have one answer"):
        answer_accuracies({7: "a", 8: "a"}, {7: HumanAnswers(("a", "b")), 8: HumanAnswers(("a",))})
    with pytest.raises(RecipeError, match="one person"):
        answer_accuracy("a", ["a"])
    with pytest.raises(RecipeError, match="scorer"):
        answer_accuracy("a", ["a", "b"], scorer="official")  # type: ignore[arg-type]
