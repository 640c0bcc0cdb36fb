"""What evaluations of tasks may be told, besides checkpoint and data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from impasto.checks import at_least, choice, require


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
        pictures: Questions for which a decoder's maps of where it looked are drawn into the folder (out), the first so
            many.

    Raises:
        RecipeError: If a value makes no sense.
    """

    answers: Annotated[str, "FILE"] | None = None
    frequent: int = 9
    k: int | None = None
    first: Literal["once", "twice"] = "once"
    pictures: int = 0

    def __post_init__(self) -> None:
        at_least(1, frequent=self.frequent, k=1 if self.k is None else self.k)
        at_least(0, pictures=self.pictures)
        choice("first", self.first, ("once", "twice"))


@dataclass(frozen=True, kw_only=True)
class GroundingOptions:
    """How expressions are found.

    Args:
        proposals: A JSON object with each image's boxes, by its id: left, top, width, height; by default dets.json in
            the folder of the expressions.
        by: Whose score the maps are of: of matching (itm), by where the text looks, or of the towers (itc), by where
            the image's own token looks.
        layer: Whose attention is taken, from 0; by default the published one.
        power: Of a box's area that what lies in it is divided by.
        pictures: Expressions whose maps are drawn into the folder (out), the first so many.

    Raises:
        RecipeError: If a value makes no sense.
    """

    proposals: Annotated[str, "FILE"] | None = None
    by: Literal["itm", "itc"] = "itm"
    layer: int | None = None
    power: float = 0.5
    pictures: int = 0

    def __post_init__(self) -> None:
        choice("by", self.by, ("itm", "itc"))
        at_least(0, pictures=self.pictures, layer=self.layer or 0)
        require(self.power >= 0, f"power={self.power} must be at least 0")


@dataclass(frozen=True, kw_only=True)
class CaptioningOptions:
    """How captions are told.

    Args:
        places: In training, places of the text that an image is read into.
        beams: Captions that are kept at a time; 1 is greedy.
        words: Pieces of words of a caption, at most.
        penalty: A caption's log-likelihood is divided by its number of pieces to this power; 0 likes short ones.

    Raises:
        RecipeError: If a value makes no sense.
    """

    places: int = 8
    beams: int = 3
    words: int = 20
    penalty: float = 1.0

    def __post_init__(self) -> None:
        at_least(1, places=self.places, beams=self.beams, words=self.words)
        require(math.isfinite(self.penalty), f"penalty={self.penalty} must be a number")


@dataclass(frozen=True, kw_only=True)
class ZeroShotOptions:
    """What classes are called, and how images are cut.

    Args:
        templates: A file with a sentence a line, {} where a name goes; by default a few of ours.
        names: A JSON object from folders' names to what is said of them; by default the folders' names, _ a space.
        crop: The middle of an image, as CLIP is evaluated (center), or all of it, squeezed (none).

    Raises:
        RecipeError: If a value makes no sense.
    """

    templates: Annotated[str, "FILE"] | None = None
    names: Annotated[str, "FILE"] | None = None
    crop: Literal["center", "none"] = "center"

    def __post_init__(self) -> None:
        choice("crop", self.crop, ("center", "none"))


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    """There is nothing to choose."""


_TRAINING: Mapping[type, tuple[str, ...]] = {VqaOptions: ("answers", "frequent"), CaptioningOptions: ("places",)}


def of_training(options: Any) -> list[str]:
    """Which of the options are told, not left as they are, and only training asks for; a checkpoint has them."""
    usual = type(options)()
    return [name for name in _TRAINING.get(type(options), ()) if getattr(options, name) != getattr(usual, name)]
