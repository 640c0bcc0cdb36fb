"""All families, and the drawing of a style from its number."""

from __future__ import annotations

import math
from itertools import zip_longest

from impasto.checks import choice
from impasto.errors import RecipeError
from impasto.streams import shuffled, stream
from impasto_lab.worlds.styles.canvas.palette import MOODS, draw_palette
from impasto_lab.worlds.styles.families import (
    abstract,
    apart,
    clouds,
    drawn,
    glazed,
    organic,
    ornament,
    patterns,
    pieced,
    printed,
    spilt,
    strokes,
    swirls,
    washes,
)
from impasto_lab.worlds.styles.family import Family, Painting
from impasto_lab.worlds.styles.style import Style

_GROUPS: tuple[dict[str, Family], ...] = (
    {**strokes.FAMILIES, **swirls.FAMILIES},
    {**clouds.FAMILIES},
    {**drawn.FAMILIES, **washes.FAMILIES},
    {**patterns.FAMILIES, **ornament.FAMILIES},
    {**printed.FAMILIES},
    {**organic.FAMILIES, **spilt.FAMILIES, **glazed.FAMILIES},
    {**pieced.FAMILIES, **abstract.FAMILIES},
)

# One of each group in turn, so that a few styles already are of many kinds.
_ALL: dict[str, Family] = {
    entry[0]: entry[1] for row in zip_longest(*(group.items() for group in _GROUPS)) for entry in row if entry
}

#: The names of all families, in the order that styles' numbers take them.
FAMILIES: tuple[str, ...] = tuple(_ALL)

#: Families that no number draws, for measures on what no training has seen.
APART: tuple[str, ...] = tuple(apart.FAMILIES)

#: The families that repaint a picture.
PAINTERLY: tuple[str, ...] = tuple(name for name, family in _ALL.items() if isinstance(family, Painting))


def find(name: str) -> Family:
    """A family.

    Raises:
        RecipeError: If there is none of this name.
    """
    known = {**_ALL, **apart.FAMILIES}
    choice("family", name, known)
    return known[name]


def draw_style(number: int, *, seed: int = 0) -> Style:
    """Draws a style.

    Numbers go round the families, so that neighbours differ; within a family, moods are taken in turn and scales spread
    evenly, so that few styles show all of its range.

    Args:
        number: 0 or more.
        seed: With the number, the whole input.

    Raises:
        RecipeError: If the number is negative.
    """
    if number < 0:
        raise RecipeError(f"number={number} is negative; styles are numbered from 0")
    turn, place = divmod(number, len(FAMILIES))
    return _draw(number, FAMILIES[place], turn, seed)


def draw_apart(family: str, turn: int, *, seed: int = 0) -> Style:
    """Draws a style of a family that no number has, by the same rules.

    Args:
        family: Of `APART`.
        turn: Which of the family, 0 or more.
        seed: With family and turn, the whole input.

    Raises:
        RecipeError: If there is no such family, or the turn is negative.
    """
    choice("family", family, apart.FAMILIES)
    if turn < 0:
        raise RecipeError(f"turn={turn} is negative; styles of a family are numbered from 0")
    return _draw(turn, family, turn, seed)


def _draw(number: int, name: str, turn: int, seed: int) -> Style:
    family = find(name)
    shared = stream(seed, "family", name)
    moods = shuffled(shared, list(MOODS))
    start = float(shared.random())
    rng = stream(seed, "style", name, turn)
    mood = moods[turn % len(moods)]
    low, high = family.scales
    # Multiples of the golden ratio, modulo 1, fill the range evenly however many there are.
    spread = (start + turn * (math.sqrt(5) - 1) / 2) % 1
    return Style(
        number=number,
        seed=seed,
        family=name,
        mood=mood,
        palette=draw_palette(MOODS[mood], rng),
        scale=low * (high / low) ** spread,
        fidelity=float(rng.uniform(0, 0.8)),
        traits={trait: float(rng.uniform(*between)) for trait, between in family.traits.items()},
    )
