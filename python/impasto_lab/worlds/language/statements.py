"""Statements about two scenes, and whether they are true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from impasto.streams import shuffled
from impasto_lab.worlds.language.things import article, things_of
from impasto_lab.worlds.scenes.plan import Thing

#: From the things of the left and of the right image to whether it is so.
Judge = Callable[[list[Thing], list[Thing]], bool]


def state(
    left: Mapping[str, Any], right: Mapping[str, Any], other: Mapping[str, Any], rng: np.random.Generator
) -> tuple[str, Judge] | None:
    """A sentence that is true of two scenes or of one of them and another, never of both; and what tells which.

    So what is said gives nothing away, as in NLVR2, where a sentence is told of pairs of either kind.

    Args:
        left: The facts of the first scene.
        right: Of the second, which both pairs have.
        other: Of the one that takes the first one's place.
        rng: Its stream.

    Returns:
        Sentence and judge; None where there is no such sentence.
    """
    one, two, instead = things_of(left), things_of(right), things_of(other)
    for thing in shuffled(rng, one + two):
        for sentence, judge in shuffled(rng, _kinds(thing)):
            if judge(one, two) != judge(instead, two):
                return sentence, judge
    return None


def _kinds(thing: Thing) -> list[tuple[str, Judge]]:
    color, shape = thing.color, thing.shape
    return [
        (f"both images show {article(shape)}", lambda one, other: _has(one, shape) and _has(other, shape)),
        (f"one of the images shows {article(f'{color} {shape}')}", lambda one, other: _one(one, other, color, shape)),
        ("the left image shows more shapes than the right one", lambda one, other: len(one) > len(other)),
        ("both images show as many shapes", lambda one, other: len(one) == len(other)),
        (f"there is {article(shape)} in the left image", lambda one, _: _has(one, shape)),
    ]


def _has(things: list[Thing], shape: str, color: str | None = None) -> bool:
    return any(one.shape == shape and color in (None, one.color) for one in things)


def _one(left: list[Thing], right: list[Thing], color: str, shape: str) -> bool:
    return _has(left, shape, color) != _has(right, shape, color)
