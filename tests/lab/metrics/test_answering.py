"""Accuracies of answers against the numbers that the published scorers gave and a twin, and where the three differ."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import RecipeError
from impasto_lab.metrics import HumanAnswers, answer_accuracies, answer_accuracy, normalize_answer
from lab.metrics.official import inputs

GOLDENS: dict[str, Any] = json.loads(Path(__file__).with_name("official").joinpath("goldens.json").read_text())
TEN = ["dog"] * 10


@pytest.mark.parametrize(
    ("questions", "asked", "scorer"),
    [
        (inputs.questions, "answers", "official-2021"),
        (inputs.questions, "answers", "albef"),
        (inputs.told_apart, "told apart", "official-2021"),
        (inputs.told_apart, "told apart", "official-python2"),
    ],
)
def test_accuracies_are_the_published_ones(questions, asked, scorer):
    drawn = dict(enumerate(questions()))
    humans = {at: HumanAnswers(one.answers, one.question_type, one.answer_type) for at, one in drawn.items()}
    found = answer_accuracies({at: one.predicted for at, one in drawn.items()}, humans, scorer=scorer)
    wanted = GOLDENS[asked][scorer]
    assert [round(100 * found.questions[at], 2) for at in drawn] == wanted["questions"]
    assert 10 < found.overall < 90 and found.overall == wanted["accuracy"]["overall"]
    assert found.by_question_type == wanted["accuracy"]["perQuestionType"]
    assert found.by_answer_type == wanted["accuracy"]["perAnswerType"]


def test_the_published_numbers_tell_the_two_pythons_apart():
    ours, python2 = GOLDENS["told apart"].values()
    assert ours["questions"] != python2["questions"]
    halves = [kinds["accuracy"]["perQuestionType"]["kind 3"] for kinds in (ours, python2)]
    assert halves == [40.62, 40.63]


def _without_signs(text: str, digits: str) -> str:
    """Sign by sign: a space, or nothing where it has a space beside it anywhere or a number has its comma."""
    comma = any(text[at] == "," and {text[at - 1], text[at + 1]} <= {*digits} for at in range(1, len(text) - 1))
    spaced = [
        ("" if comma or f"{sign} " in text or f" {sign}" in text else " ") if sign in ';/[]"{}()=+\\_-><@`,?!' else sign
        for sign in text
    ]
    kept, periods = "", 0
    left = "".join(spaced)
    for at, sign in enumerate(left):
        goes = sign == "." and left[at + 1 : at + 2] not in [*digits] and periods < 32
        periods += goes
        kept += "" if goes else sign
    return kept


def _without_words(text: str) -> str:
    changed = {"two": "2", "ten": "10", "none": "0", "dont": "don't", "y'allll": "y'all'll", "somebody'd": "somebodyd"}
    return " ".join(changed.get(word, word) for word in text.lower().split() if word not in {"a", "an", "the"})


def _twin(predicted: str, answers: list[str], scorer: str) -> Fraction:
    """Of every choice of all people but one: a third of a point for each of them who says the same, at most one."""
    digits = "0123456789" if scorer == "official-python2" else "0123456789\u0663\u0664"
    given, *people = (text.replace("\n", " ").replace("\t", " ").strip() for text in (predicted, *answers))
    if scorer == "albef":
        people = answers
    if len(set(people)) > 1:
        people = [_without_signs(one, digits) for one in people]
        people = people if scorer == "albef" else [_without_words(one) for one in people]
        given = _without_words(_without_signs(given, digits))
    elif scorer == "albef":
        given = _without_words(_without_signs(given, digits))
    choices = list(itertools.combinations(people, len(people) - 1))
    return sum((min(Fraction(1), Fraction(chosen.count(given), 3)) for chosen in choices), Fraction(0)) / len(choices)


_SPELLED = st.sampled_from(
    ["two", "TEN", "none", "an", "dont", "somebodyd", "y'all'll", "red", "." * 40, "1,2", "a/b", "t.\u0663"]
)
_LETTERS = st.text("at12\u0663 .,-?/;'\n\t_", max_size=5)
_ANSWERS = st.tuples(st.sampled_from(["", " "]), st.lists(_SPELLED | _LETTERS, min_size=1, max_size=2)).map(
    lambda drawn: drawn[0].join(drawn[1])
)
#: The same answer said otherwise, which a scorer may or may not take for the same.
_EDITS = [
    *((sign, other) for sign in ".,-?/;'_" for other in ("", " ")),
    *(("two", "2"), ("TEN", "ten"), ("none", "0"), ("an", ""), ("dont", "don't"), ("1,2", "12"), ("a/b", "a b")),
    *(("." * 40, "."), ("." * 40, "." * 41), ("somebodyd", "somebody'd"), ("y'all'll", "y'allll")),
]


@given(st.data(), st.sampled_from(["official-2021", "official-python2", "albef"]))
def test_accuracies_are_a_twins(data, scorer):
    humans, predicted = {}, {}
    for number in range(data.draw(st.integers(1, 4))):
        first = data.draw(_ANSWERS)
        edits = [first.replace(*edit) for edit in _EDITS if edit[0] in first]
        said = st.sampled_from([first, *edits, f"the {first}", first.upper()])
        pool = data.draw(st.lists(said, min_size=1, max_size=3))
        people = data.draw(st.lists(st.sampled_from(pool), min_size=2, max_size=10))
        humans[number] = HumanAnswers(tuple(people), f"kind {number % 2}", "other")
        predicted[number] = data.draw(said)
    found = answer_accuracies(predicted, humans, scorer=scorer)
    wanted = [_twin(predicted[number], list(one.answers), scorer) for number, one in humans.items()]
    assert [found.questions[number] for number in humans] == pytest.approx([float(share) for share in wanted])
    for kind in range(min(2, len(wanted))):
        of_kind = wanted[kind::2]
        assert found.by_question_type[f"kind {kind}"] == pytest.approx(
            float(100 * sum(of_kind) / len(of_kind)), abs=6e-3
        )
    assert found.overall == found.by_answer_type["other"]
    assert found.overall == pytest.approx(float(100 * sum(wanted) / len(wanted)), abs=6e-3)


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
