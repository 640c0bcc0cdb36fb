"""What a scene shows, drawn before any pixel is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from impasto.streams import pick
from impasto_lab.worlds.scenes.manner import USUAL, Manner
from impasto_lab.worlds.scenes.vocabulary import (
    BACKGROUNDS,
    COLORS,
    PLAIN_GROUNDS,
    SHAPES,
    SIZES,
    TEXTURES,
    held_out,
)

#: Empty space between two things, and between a thing and the edge, as a share of the side.
_GAP = 0.025

#: How much longer the longer way between two centres must be than the other, for a relation to be plain.
_PLAIN = 1.6


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One object.

    Attributes:
        shape: Of `SHAPES`, or a form of one, see `shapes.distance`.
        color: Of `COLORS`.
        texture: Of `TEXTURES`.
        size: Of `SIZES`.
        x: Its centre, from the left, as a share of the side.
        y: Its centre, from the top, as a share of the side.
        radius: Of the circle around it, as a share of the side.
        angle: How far it is turned, in radians.
    """

    shape: str
    color: str
    texture: str
    size: str
    x: float
    y: float
    radius: float
    angle: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One to four things on a background; no two have both shape and colour in common, and none overlap.

    Attributes:
        background: Of `GROUNDS`.
        things: In the order drawn.
    """

    background: str
    things: tuple[Thing, ...]

    @property
    def unseen(self) -> bool:
        """It holds a combination of shape and colour that is kept for the test split."""
        return any(held_out(thing.shape, thing.color) for thing in self.things)

    @property
    def signature(self) -> tuple[Any, ...]:
        """What it shows, without the places."""
        things = ((thing.shape, thing.color, thing.texture, thing.size) for thing in self.things)
        return self.background, *sorted(things)

    def facts(self) -> dict[str, Any]:
        """The scene as JSON values; a thing's ``box`` is left, top, width and height as shares of the side."""
        things = []
        for thing in self.things:
            left, top = max(thing.x - thing.radius, 0.0), max(thing.y - thing.radius, 0.0)
            box = [round(value, 4) for value in (left, top, 2 * thing.radius, 2 * thing.radius)]
            rounded = {
                name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(thing).items()
            }
            things.append({**rounded, "box": box})
        return {"background": self.background, "things": things, "unseen": self.unseen}


def relation(first: Thing, second: Thing) -> str | None:
    """Where the first lies as seen from the second: ``"left"``, ``"right"``, ``"above"``, ``"below"``, or unclear."""
    across, down = first.x - second.x, first.y - second.y
    if abs(across) >= _PLAIN * abs(down):
        return "left" if across < 0 else "right"
    if abs(down) >= _PLAIN * abs(across):
        return "above" if down < 0 else "below"
    return None


def draw_scene(rng: np.random.Generator, *, unseen: bool = False, manner: Manner = USUAL) -> Scene:
    """Draws a scene.

    Args:
        rng: Its stream.
        unseen: Whether it holds a combination kept for the test split; if not, none of its combinations is.
        manner: How many things there are, and on what.
    """
    count = int(rng.choice(4, p=manner.counts)) + 1
    while True:
        things = _things(rng, count, unseen)
        if things is not None:
            plain = manner.plain > 0 and rng.random() < manner.plain
            return Scene(background=pick(rng, list(PLAIN_GROUNDS if plain else BACKGROUNDS)), things=things)


def _things(rng: np.random.Generator, count: int, unseen: bool) -> tuple[Thing, ...] | None:
    """As many things, or None where they found no place."""
    things: list[Thing] = []
    for number in range(count):
        shape, color = _combination(rng, held=unseen and number == 0)
        if any((thing.shape, thing.color) == (shape, color) for thing in things):
            return None
        size = pick(rng, list(SIZES))
        placed = _place(rng, float(rng.uniform(*SIZES[size])), things)
        if placed is None:
            return None
        x, y, radius = placed
        texture = pick(rng, list(TEXTURES))
        angle = float(rng.uniform(-0.35, 0.35))
        thing = Thing(shape=shape, color=color, texture=texture, size=size, x=x, y=y, radius=radius, angle=angle)
        things.append(thing)
    order = rng.permutation(count).tolist()
    return tuple(things[place] for place in order)


def _combination(rng: np.random.Generator, *, held: bool) -> tuple[str, str]:
    while True:
        shape, color = pick(rng, list(SHAPES)), pick(rng, list(COLORS))
        if held_out(shape, color) == held:
            return shape, color


def _place(rng: np.random.Generator, radius: float, things: list[Thing]) -> tuple[float, float, float] | None:
    room = radius + _GAP
    for _ in range(20):
        x, y = (float(value) for value in rng.uniform(room, 1 - room, 2))
        if all(math.hypot(x - thing.x, y - thing.y) > radius + thing.radius + _GAP for thing in things):
            return x, y, radius
    return None
