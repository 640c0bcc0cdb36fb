"""All families, and the drawing of a style from its number."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from impasto.errors import RecipeError
from impasto.worlds.streams import shuffled, stream
from impasto.worlds.styles import clouds, drawn, glazed, patterns, pieced, printed, strokes, swirls, washes
from impasto.worlds.styles.compose import compose
from impasto.worlds.styles.family import Family, Painting, Texture
from impasto.worlds.styles.palette import MOODS, draw_palette
from impasto.worlds.styles.raster import to_bytes
from impasto.worlds.styles.style import Style

_GROUPS = (clouds, patterns, glazed, strokes, swirls, washes, drawn, printed, pieced)
_ALL: dict[str, Family] = {name: family for group in _GROUPS for name, family in group.FAMILIES.items()}

#: The names of all families, in the order that styles' numbers take them.
FAMILIES: tuple[str, ...] = tuple(_ALL)

#: The families that repaint a picture.
PAINTERLY: tuple[str, ...] = tuple(name for name, family in _ALL.items() if isinstance(family, Painting))


def family(name: str) -> Family:
    """A family.

    Raises:
        RecipeError: If there is none of this name.
    """
    if name not in _ALL:
        raise RecipeError(f"family={name!r} is not known; use one of {', '.join(map(repr, FAMILIES))}")
    return _ALL[name]


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
    name = FAMILIES[place]
    chosen = _ALL[name]
    shared = stream(seed, "family", name)
    moods = shuffled(shared, list(MOODS))
    start = float(shared.random())
    rng = stream(seed, "style", name, turn)
    mood = moods[turn % len(moods)]
    low, high = chosen.scales
    # Multiples of the golden ratio, modulo 1, fill the range evenly however many there are.
    spread = (start + turn * (math.sqrt(5) - 1) / 2) % 1
    return Style(
        number=number,
        seed=seed,
        family=name,
        mood=mood,
        palette=draw_palette(MOODS[mood], rng),
        scale=low * (high / low) ** spread,
        traits={trait: float(rng.uniform(*between)) for trait, between in chosen.traits.items()},
    )


def render_style(style: Style, *, size: int = 256, variant: int = 0) -> npt.NDArray[np.uint8]:
    """Renders a picture in a style.

    Args:
        style: As `draw_style` gives it.
        size: Height and width, in pixels; at least 16.
        variant: 0 or more; each has another layout in the same style.

    Returns:
        [size, size, 3] uint8, RGB; style, size and variant are the whole input.

    Raises:
        RecipeError: If the size is too small, the variant negative or the family unknown.
        MissingExtraError: If Pillow is not installed.
    """
    if size < 16:
        raise RecipeError(f"size={size} is too small; use at least 16")
    chosen, rng = family(style.family), layout(style, variant)
    if isinstance(chosen, Texture):
        return to_bytes(chosen.draw(style, (size, size), rng))
    return to_bytes(chosen.repaint(style, compose(style.palette, (size, size), rng), rng))


def layout(style: Style, variant: int) -> np.random.Generator:
    """The stream that a variant's layout comes from.

    Raises:
        RecipeError: If the variant is negative.
    """
    if variant < 0:
        raise RecipeError(f"variant={variant} is negative; variants are numbered from 0")
    return stream(style.seed, "layout", style.family, style.number, variant)
