"""Statements about pairs of images: how many are judged rightly, and how many sentences always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.checks import require


@dataclass(frozen=True)
class Reasoning:
    """NLVR2's two numbers, in per cent.

    Attributes:
        accuracy: Of statements.
        consistency: Of sentences, each of which is stated of several pairs of images: those that are judged rightly of
            all of them.
    """

    accuracy: float
    consistency: float


def judge_pairs(predicted: npt.ArrayLike, labels: npt.ArrayLike, sentences: Sequence[str]) -> Reasoning:
    """Scores judgements of statements (Suhr et al. 2019).

    Args:
        predicted: [N] classes.
        labels: [N] the right ones.
        sentences: [N] what each statement's sentence is called; `sentence_of` makes it from NLVR2's identifiers.

    Raises:
        RecipeError: If there are no statements, or lengths differ.
    """
    guessed, right = np.asarray(predicted), np.asarray(labels)
    require(right.ndim == 1 and len(right) > 0, f"labels of shape {list(right.shape)} must be [N], N at least 1")
    fits = guessed.shape == right.shape and len(sentences) == len(right)
    require(fits, f"{guessed.shape} predictions, {right.shape} labels, {len(sentences)} sentences; give one of each")
    correct = guessed == right
    always: dict[str, bool] = {}
    for sentence, is_right in zip(sentences, correct.tolist(), strict=True):
        always[sentence] = always.get(sentence, True) and is_right
    return Reasoning(100 * float(correct.mean()), 100 * sum(always.values()) / len(always))


def sentence_of(identifier: str) -> str:
    """The sentence of an NLVR2 identifier ``split-set-pair-sentence``: the same set and sentence, of whatever pair.

    Raises:
        RecipeError: If it is no such identifier.
    """
    parts = identifier.split("-")
    require(len(parts) == 4, f"identifier={identifier!r} must be split-set-pair-sentence, such as 'dev-850-0-0'")
    split, number, _, sentence = parts
    return f"{split}-{number}-{sentence}"
