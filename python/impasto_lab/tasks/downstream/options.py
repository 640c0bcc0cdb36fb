"""What evaluations of tasks may be told, besides checkpoint and data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from impasto.checks import at_least, choice


@dataclass(frozen=True, kw_only=True)
class RetrievalOptions:
    """How images and captions are searched.

    Args:
        k: Candidates that are asked about closely, each way, the first by the towers; by default 128, or all where
            there are fewer. A ViLT asks about every pair, unless there is a prefilter.
        prefilter: A checkpoint with towers (CLIP, ALBEF, TCL) that chooses candidates for a ViLT.

    Raises:
        RecipeError: If a value makes no sense.
    """

    k: int | None = None
    prefilter: Annotated[str, "CKPT"] | None = None

    def __post_init__(self) -> None:
        if self.k is not None:
            at_least(1, k=self.k)


@dataclass(frozen=True, kw_only=True)
class VqaOptions:
    """How questions are answered.

    Args:
        answers: In training, a JSON list of the answers to choose from; by default those that are the most frequent
            of so many questions.
        frequent: Questions that an answer must be the most frequent of to get into the list.
        k: Answers whose whole likelihood a decoder asks for, the first by their first word; by default 128, or all.
        first: Count the first word's likelihood once, or twice as the published code does.

    Raises:
        RecipeError: If a value makes no sense.
    """

    answers: Annotated[str, "FILE"] | None = None
    frequent: int = 9
    k: int | None = None
    first: Literal["once", "twice"] = "once"

    def __post_init__(self) -> None:
        at_least(1, frequent=self.frequent, k=1 if self.k is None else self.k)
        choice("first", self.first, ("once", "twice"))


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """There is nothing to choose."""
