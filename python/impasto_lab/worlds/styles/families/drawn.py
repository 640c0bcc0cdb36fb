"""Families drawn in one ink, or in coloured pencil: hatching, woodcut, charcoal, stippling."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.cells import cut
from impasto_lab.worlds.styles.canvas.fields import Values, fbm, noise, rotated, step
from impasto_lab.worlds.styles.canvas.filters import blur
from impasto_lab.worlds.styles.canvas.palette import mix
from impasto_lab.worlds.styles.canvas.picture import luminance, outlines, stretched
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style


def covered(style: Style, picture: Values, soft: float) -> Values:
    """How much ink each place wants, [H, W] from 0 to 1: dark ink where it is dark, light ink where it is light."""
    light = stretched(blur(luminance(picture), soft))
    return light if style["dark"] > 0.5 else 1 - light


def _hatching(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Pen lines, in more directions the darker it is."""
    shape = picture.shape[:2]
    unit = max(1.2 * style.on(min(shape)), 3.0)
    want = covered(style, picture, 0.4 * unit) ** 1.2
    drawn = 0.9 * outlines(picture, 0.25 * unit + 0.4) * style["outline"]
    layers = 2 + round(style["layers"])
    for layer in range(layers):
        turn = style["angle"] + layer * np.pi * (0.5 if layers < 4 else 0.26) + rng.normal(0, 0.06)
        along, across = rotated(shape, turn)
        lane = across / unit + style["wobble"] * noise(rng, shape, 7 * unit)
        # Each line has an end and a beginning of its own.
        number = np.floor(lane)
        broken = 0.09 * np.sin(along / (6 * unit) + number * 2.4) + 0.05 * np.sin(along / (2.3 * unit) + number * 5.1)
        away = np.abs(lane - number - 0.5) * unit
        wanted = want + broken - layer / layers
        width = np.clip(0.3 + 0.9 * wanted, 0, 1.2) * 0.3 * unit * style["weight"]
        line = (1 - step(away, width, 1.1)) * step(wanted, 0.08, 0.06)
        drawn = np.maximum(drawn, line)
    pencil = np.clip(picture * np.float32(0.85), 0, 1)
    ink = style.ink(-1) + (pencil - style.ink(-1)) * np.float32(style["pencil"] > 0.6)
    return mix(style.ink(0) * np.ones_like(picture), ink, 0.92 * drawn)


def _woodcut(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Grooves that swell and thin out, bent by what they show."""
    shape = picture.shape[:2]
    unit = max(1.5 * style.on(min(shape)), 4.0)
    light = blur(luminance(picture), 0.35 * unit)
    want = covered(style, picture, 0.35 * unit)
    want = np.clip((want - 0.5) * style["contrast"] + 0.5, 0, 1)
    _, across = rotated(shape, style["angle"])
    bend = style["bend"] * unit * (noise(rng, shape, 12 * unit) + 5 * blur(light, unit))
    lane = (across + bend) / unit
    # How many pixels a groove takes here, so that its edges are as sharp wherever it is bent.
    fall = np.hypot(*np.gradient(lane)) + 1e-3
    ridge = np.abs(lane % 1 - 0.5) * 2
    rough = 0.12 * noise(rng, shape, (1.6, 1.6))
    inked = step(want * 1.16 - 0.08 + rough * 0.5 - ridge, 0, np.clip(2.4 * fall, 0.02, 1))
    inked = np.maximum(inked, outlines(picture, 0.2 * unit + 0.5) * style["outline"])
    wear = step(fbm(rng, shape, 3, 2), -2.1 + style["wear"], 0.5)
    return mix(style.ink(0) * np.ones_like(picture), style.ink(-1), inked * wear)


def _charcoal(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Charcoal, or chalk on a dark ground: rubbed in, then drawn over with the stick's edge."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    want = covered(style, picture, 0.5 * unit)
    along, across = rotated(shape, style["angle"])
    # Strokes of the stick: noise stretched one way, on a turned grid.
    side = int(np.ceil(np.hypot(*shape)))
    stretched_noise = noise(rng, (side, side), (0.8 * unit, 9 * unit))
    row = np.clip(across + side / 2, 0, side - 1).astype(np.int64)
    column = np.clip(along + side / 2, 0, side - 1).astype(np.int64)
    sweep = stretched_noise[row, column]
    tooth = 0.6 * noise(rng, shape, max(1.0, style["tooth"] * min(shape) / 256)) + 0.4 * noise(rng, shape, 1)
    rubbed = 0.55 * want * (1 + 0.08 * fbm(rng, shape, 5 * unit, 3))
    drawn = step(1.9 * want - 1.05 + style["sweep"] * sweep + 0.42 * tooth, 0, 0.9) * want
    lines = outlines(picture, 0.3 * unit + 0.6) * step(tooth, -0.6, 1.4)
    paper = style.ink(0) * (1 + 0.035 * tooth[..., None])
    return mix(paper, style.ink(-1), np.clip(np.maximum(rubbed + 0.5 * drawn, lines), 0, 1))


def _stipple(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Dots of one size or of many, as dense as it is dark."""
    shape = picture.shape[:2]
    side = max(0.9 * style.on(min(shape)), 2.6)
    cells = cut(rng, shape, side, jitter=style["jitter"])
    want = covered(style, picture, 0.5 * side) ** style["contrast"]
    row = np.clip(cells.rows, 0, shape[0] - 1).astype(np.int64)
    column = np.clip(cells.columns, 0, shape[1] - 1).astype(np.int64)
    here = want[row, column]
    chance = rng.random(here.size, dtype=np.float32)
    many = style["sizes"] > 0.5
    radius = 0.66 * side * np.sqrt(here) if many else np.where(here > chance, 0.44 * side, -1)
    dots = 1 - step(cells.distance, radius[cells.label].astype(np.float32), 1.1)
    tone = np.clip(picture[row, column] * np.float32(0.8), 0, 1)[cells.label]
    ink = tone if style["pencil"] > 0.7 else style.ink(-1)
    return mix(style.ink(0) * np.ones_like(picture), ink, dots)


FAMILIES = {
    "hatching": Painting(
        repaint=_hatching,
        scales=(2.6, 9),
        traits={
            "angle": (0.3, 1.3),
            "layers": (0, 2),
            "wobble": (0.05, 0.5),
            "weight": (0.7, 1.4),
            "outline": (0, 1),
            "pencil": (0, 1),
            "dark": (0, 0.8),
        },
    ),
    "woodcut": Painting(
        repaint=_woodcut,
        scales=(2.6, 9),
        traits={
            "angle": (-1.57, 1.57),
            "contrast": (1.2, 2.4),
            "bend": (0.3, 1.8),
            "outline": (0, 1),
            "wear": (0, 0.9),
            "dark": (0, 1),
        },
    ),
    "charcoal": Painting(
        repaint=_charcoal,
        scales=(2, 10),
        traits={"angle": (0.2, 1.4), "tooth": (1, 2.4), "sweep": (0.15, 0.5), "dark": (0, 0.8)},
    ),
    "stipple": Painting(
        repaint=_stipple,
        scales=(2.8, 9),
        traits={"jitter": (0.4, 1), "contrast": (0.9, 1.7), "sizes": (0, 1), "pencil": (0, 1), "dark": (0, 0.9)},
    ),
}
