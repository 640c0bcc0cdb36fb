"""Statements about two scenes, and whether they are true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from impasto.streams import pick
from impasto_lab.worlds.language.things import article, things_of
from impasto_lab.worlds.scenes.plan import Thing

#: From the things of the left and of the right image to whether it is so.
Judge = Callable[[list[Thing], list[Thing]], bool]


def state(left: Mapping[str, Any], right: Mapping[str, Any], rng: np.random.Generator) -> tuple[str, Judge]:
    """A sentence about two scenes, and what tells whether it is true of any two.

    Half of those that are drawn are about something that is seen in one of the two.

    Args:
        left: The facts of the one.
        right: Those of the other.
        rng: Its stream.
    """
    things = things_of(left) + things_of(right)
    thing = pick(rng, things)
    color, shape = thing.color, thing.shape
    kinds: list[tuple[str, Judge]] = [
        (f"both images show {article(shape)}", lambda one, other: _has(one, shape) and _has(other, shape)),
        (f"one of the images shows {article(f'{color} {shape}')}", lambda one, other: _one(one, other, color, shape)),
        ("the left image shows more shapes than the right one", lambda one, other: len(one) > len(other)),
        ("both images show as many shapes", lambda one, other: len(one) == len(other)),
        (f"there is {article(shape)} in the left image", lambda one, _: _has(one, shape)),
    ]
    return pick(rng, kinds)


def _has(things: list[Thing], shape: str, color: str | None = None) -> bool:
    return any(one.shape == shape and color in (None, one.color) for one in things)


def _one(left: list[Thing], right: list[Thing], color: str, shape: str) -> bool:
    return _has(left, shape, color) != _has(right, shape, color)
