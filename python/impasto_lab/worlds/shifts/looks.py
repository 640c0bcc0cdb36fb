"""What a picture shows: a thing whose outline is its class, and looks that may give the class away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from impasto.checks import interval, probability, require
from impasto.streams import pick
from impasto_lab.worlds.scenes.plan import Scene, Thing
from impasto_lab.worlds.scenes.vocabulary import BACKGROUNDS, COLORS, SHAPES, TEXTURES


def classes(count: int) -> tuple[str, ...]:
    """Names of classes, each a shape of its own: ten filled, outlined and doubled, and a bar.

    Args:
        count: How many, at most 31.
    """
    forms = [*SHAPES, *(f"{form} {shape}" for form in ("outlined", "doubled") for shape in SHAPES), "bar"]
    require(1 <= count <= len(forms), f"count={count} must lie in 1..{len(forms)}")
    return tuple(forms[:count])


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a domain's pictures are drawn.

    Attributes:
        rho: How often color, texture and ground are, together, the class's own, in [0, 1]; otherwise each is drawn.
        conflict: Whether the looks, where they are a class's own, are another class's.
        turn: The most that a thing is turned either way, in degrees.
        clutter: Small things of other shapes around it.
        radius: Smallest and largest, as shares of the side.
        centered: Whether the thing lies in the middle.
        ground: The ground of all pictures, instead of drawn ones.

    Raises:
        RecipeError: If a value makes no sense.
    """

    rho: float = 0.6
    conflict: bool = False
    turn: float = 20.0
    clutter: int = 0
    radius: tuple[float, float] = (0.28, 0.42)
    centered: bool = False
    ground: str | None = None

    def __post_init__(self) -> None:
        probability("rho", self.rho)
        interval("radius", self.radius, 0.0, 0.5)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What may give a class away.

    Attributes:
        color: Of `COLORS`.
        texture: Of `TEXTURES`.
        ground: Of `BACKGROUNDS`.
    """

    color: str
    texture: str
    ground: str


def own_look(label: int) -> Look:
    """A class's own look; no two classes have color and texture in common."""
    turned = label + label // len(COLORS)
    return Look(
        color=list(COLORS)[label % len(COLORS)],
        texture=list(TEXTURES)[turned % len(TEXTURES)],
        ground=list(BACKGROUNDS)[turned % len(BACKGROUNDS)],
    )


def draw_picture(label: int, names: tuple[str, ...], terms: Terms, rng: np.random.Generator) -> Scene:
    """Draws a picture of a class.

    Args:
        label: The class's number.
        names: Of all classes, see `classes`.
        terms: How.
        rng: The picture's stream.
    """
    # Everything is drawn in any case, so that pictures of other terms have the same outlines in the same places.
    own, other = rng.random() < terms.rho, int(rng.integers(1, len(names)))
    free = Look(color=pick(rng, list(COLORS)), texture=pick(rng, list(TEXTURES)), ground=pick(rng, list(BACKGROUNDS)))
    worn = (label + other) % len(names) if terms.conflict else label
    look = own_look(worn) if own else free
    radius = float(rng.uniform(*terms.radius))
    place = [float(value) for value in rng.uniform(radius, 1 - radius, 2)]
    x, y = (0.5, 0.5) if terms.centered else place
    main = Thing(
        shape=names[label],
        color=look.color,
        texture=look.texture,
        size="large",
        x=x,
        y=y,
        radius=radius,
        angle=math.radians(float(rng.uniform(-terms.turn, terms.turn))),
    )
    things = [main]
    while len(things) <= terms.clutter:
        things.append(_small(main, rng))
    return Scene(background=terms.ground or look.ground, things=tuple(things))


def _small(main: Thing, rng: np.random.Generator) -> Thing:
    """A small thing beside the main one; they may touch each other, as clutter does."""
    while True:
        radius = float(rng.uniform(0.04, 0.07))
        x, y = (float(value) for value in rng.uniform(radius, 1 - radius, 2))
        if math.hypot(x - main.x, y - main.y) > main.radius + radius:
            break
    return Thing(
        shape=pick(rng, list(SHAPES)),
        color=pick(rng, list(COLORS)),
        texture="plain",
        size="small",
        x=x,
        y=y,
        radius=radius,
        angle=float(rng.uniform(0, 2 * math.pi)),
    )
