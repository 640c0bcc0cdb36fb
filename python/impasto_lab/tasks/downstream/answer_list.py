"""The answers that a model chooses among, made of annotations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from impasto.checks import require
from impasto.errors import SourceError
from impasto.sources import Source
from impasto_lab.metrics import HumanAnswers, normalize_answer


def answers_in(data: Source) -> Iterator[Mapping[str, Any]]:
    """The facts of all questions.

    Raises:
        SourceError: If the data has no questions.
    """
    for row in range(len(data)):
        facts = data.facts(row)
        if "question_id" not in facts:
            reason = f"{data!r} has no questions with an id; give VQA's questions, or a source whose facts have them"
            raise SourceError(reason, key=data.key(row))
        yield facts


def humans_in(data: Source) -> dict[int, HumanAnswers]:
    """What people answered, by question; nothing of questions without answers."""
    return {
        facts["question_id"]: HumanAnswers(
            tuple(facts["answers"]), facts.get("question_type", ""), facts.get("answer_type", "")
        )
        for facts in answers_in(data)
        if facts.get("answers")
    }


def build_answers(data: Source, least: int) -> list[str]:
    """The answers that are the most frequent of at least so many questions, as the evaluation compares them.

    ALBEF's ``answer_list.json``, made so of VQA 2.0's train and val, has 3,128; the empty answer is left out.

    Args:
        data: Annotated questions.
        least: Questions.

    Raises:
        RecipeError: If no answer is that frequent.
        SourceError: If the questions have no answers.
    """
    humans = humans_in(data)
    if not humans:
        raise SourceError(f"{data!r} has no answers to learn from; name the annotations of these questions")
    counts = Counter(
        normalize_answer(facts.get("multiple_choice_answer") or _most(facts["answers"]))
        for facts in answers_in(data)
        if facts.get("answers")
    )
    counts.pop("", None)
    found = sorted((answer for answer, count in counts.items() if count >= least), key=lambda one: (-counts[one], one))
    require(bool(found), f"no answer is given to {least} questions of {len(humans)}; take rarer ones (frequent)")
    return found


def read_answers(path: Path) -> list[str]:
    """A list of answers, as ALBEF's ``answer_list.json`` has it.

    Raises:
        SourceError: If it is missing, or no JSON list of different strings.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"the list of answers can't be read: {error}; check the path", path=str(path)) from error
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
        raise SourceError("it is no JSON list of answers; check the path", path=str(path))
    if len(set(found)) < len(found):
        raise SourceError("an answer is there twice; remove one", path=str(path))
    return found


def _most(answers: list[str]) -> str:
    return Counter(answers).most_common(1)[0][0]
