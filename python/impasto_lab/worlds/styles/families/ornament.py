"""Textures of ornament: mazes, tiles, scales, printed flowers."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.cells import cut
from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, noise, places, rotated, step
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _truchet(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Quarter circles or diagonals turned at random: a maze."""
    side = max(1.6 * style.on(min(shape)), 5.0)
    y, x = rotated(shape, style["angle"])
    y, x = y / side + 200, x / side + 200
    row, column = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    flips = rng.integers(2, size=(64, 64))[row % 64, column % 64]
    v, u = y - row, x - column
    u = np.where(flips == 1, 1 - u, u)
    if style["arcs"] > 0.4:
        away = np.minimum(np.abs(np.hypot(u, v) - 0.5), np.abs(np.hypot(1 - u, 1 - v) - 0.5))
    else:
        away = np.abs(np.abs(u + v - 1) - 0.5) * 0.7
    wide = style["wide"]
    path = 1 - step(away, wide, 1.3 / side)
    core = 1 - step(away, 0.35 * wide, 1.3 / side)
    inks = colors(style.inks)
    tint = inks[1 + rng.integers(2, size=(64, 64))[row % 64, column % 64]] if style["tints"] > 0.6 else inks[0]
    made = mix(tint * np.ones((*shape, 3), np.float32), inks[-1], path)
    return mix(made, inks[-3], core * np.float32(style["core"] > 0.5))


def _tiles(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Glazed tiles with one ornament, mirrored four ways, grout between them."""
    side = max(round(5.5 * style.on(min(shape))), 8)
    half = side / 2
    y, x = places(shape)
    v, u = np.abs(y % side - half + 0.5) / half, np.abs(x % side - half + 0.5) / half
    swapped = (np.maximum(u, v), np.minimum(u, v))  # eight-fold: the diagonal mirrors too
    away, around = np.hypot(*swapped), np.arctan2(swapped[1], swapped[0])
    inks = colors(style.inks)
    made = inks[0] * np.ones((*shape, 3), np.float32)
    for layer in range(4):
        petals, offset = int(rng.integers(1, 4)) * 4, rng.uniform(0.1, 1.15)
        curve = away + rng.uniform(0.04, 0.22) * np.cos(petals * around + rng.choice([0, np.pi])) - offset
        band = rng.uniform(0.04, 0.2)
        cover = 1 - step(np.abs(curve).astype(np.float32), band, 2.2 / half)
        made = mix(made, inks[1 + (layer + round(style["order"])) % (len(inks) - 1)], cover)
    hand = (
        1
        + 0.06 * fbm(rng, shape, 0.4 * side, 3)
        + style["uneven"]
        * rng.normal(0, 1, (64, 64))[(y // side).astype(np.int64) % 64, (x // side).astype(np.int64) % 64]
    )
    edge = np.minimum(1 - u, 1 - v) * half
    grout = inks[1] * 0.4 + 0.35
    return mix(grout, made * hand.astype(np.float32)[..., None], step(edge, 0.02 * side + 0.3, 1.2))


def _scales(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Overlapping fans in rows, as waves on a print or the scales of a fish."""
    side = max(2.2 * style.on(min(shape)), 5.0)
    y, x = places(shape)
    bend = style["bend"] * side * noise(rng, shape, 6 * side)
    y, x = (y + bend) / (0.5 * side) + 4, x / side + 4 + 0 * y
    rows = int(y.max()) + 4
    tints = rng.integers(1, len(style.palette), (rows, int(x.max()) + 4))
    shown, label = np.full(shape, -1, np.float32), np.zeros(shape, np.int64)
    for lower in (2, 1, 0):  # a nearer row covers the ones behind it
        row = np.floor(y).astype(np.int64) + lower
        shifted = x + 0.5 * (row % 2)
        column = np.floor(shifted).astype(np.int64)
        away = np.hypot(shifted - column - 0.5, (y - row) * 0.5) * 2
        free = (shown < 0) & (away < 1)
        shown = np.where(free, away, shown).astype(np.float32)
        label = np.where(free, tints[row % rows, column % tints.shape[1]], label)
    rings = 0.5 + 0.5 * np.cos(2 * np.pi * shown * round(style["rings"]))
    inks = colors(style.inks)
    body = inks[label] if style["mixed"] > 0.5 else inks[2] * np.ones((*shape, 3), np.float32)
    soft = style["soft"]
    ringed = mix(body, inks[0], step(rings, 0.5, 0.35 + soft) * np.float32(style["ringed"] > 0.35))
    tinted = shaded(ringed, 1 - 0.45 * soft * shown**3)
    return mix(tinted, inks[0], step(shown, 0.93, 0.1))


def _bloom(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Printed cotton: flowers and leaves all over."""
    unit = style.on(min(shape))
    side = 3.2 * unit + 3
    inks = colors(style.inks)
    y, x = places(shape)
    made = shaded(inks[0], 1 + 0.04 * noise(rng, shape, (1, 2)))
    for layer in range(3):
        cells = cut(rng, shape, side * (0.75 + 0.4 * layer), jitter=0.8)
        v, u = y - cells.rows[cells.label], x - cells.columns[cells.label]
        size = side * rng.uniform(0.3, 0.5, cells.count).astype(np.float32) * (0.7 + 0.3 * layer)
        turn = rng.uniform(0, 6.28, cells.count).astype(np.float32)
        away, around = np.hypot(v, u) / size[cells.label], np.arctan2(v, u) + turn[cells.label]
        petals = 2 if layer == 0 else round(style["petals"])
        wave = np.abs(np.cos(petals * around / 2)) ** (0.6 if layer else 2)
        shapely = 0.25 + 0.75 * wave if layer else wave
        kept = (rng.random(cells.count) < style["dense"])[cells.label]
        cover = step(shapely - away, 0, 2 / side) * kept
        tint = inks[(1 + layer * 2 + rng.integers(2, size=cells.count)) % (len(inks) - 1) + 1][cells.label]
        petal = shaded(tint, 0.75 + 0.3 * away - 0.15 * (away > 0.55 * shapely))
        made = mix(made, petal.astype(np.float32), cover.astype(np.float32))
        heart = (1 - step(away, 0.25, 2 / side)) * kept * (layer > 0)
        made = mix(made, inks[-1] if layer == 2 else inks[1], heart.astype(np.float32))
    return made


FAMILIES = {
    "truchet": Texture(
        draw=_truchet,
        scales=(4, 18),
        traits={
            "angle": (0, 1.57),
            "arcs": (0, 1),
            "wide": (0.07, 0.24),
            "tints": (0, 1),
            "core": (0, 1),
            "dark": (0, 1),
        },
    ),
    "tiles": Texture(draw=_tiles, scales=(5, 18), traits={"order": (0, 4), "uneven": (0, 0.07), "dark": (0, 0.9)}),
    "scales": Texture(
        draw=_scales,
        scales=(4, 18),
        traits={
            "bend": (0, 0.25),
            "rings": (2, 5),
            "mixed": (0, 1),
            "soft": (0, 0.9),
            "ringed": (0, 1),
            "dark": (0, 1),
        },
    ),
    "bloom": Texture(draw=_bloom, scales=(4, 16), traits={"petals": (4, 8), "dense": (0.5, 1), "dark": (0, 1)}),
}
