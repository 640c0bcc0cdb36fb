"""Textures of cells: mosaic, stained glass, crackle, terrazzo."""

from __future__ import annotations

import numpy as np

from impasto.worlds.styles.cells import cut
from impasto.worlds.styles.family import Shape, Texture, Values
from impasto.worlds.styles.fields import fbm, level, lit, noise, step
from impasto.worlds.styles.palette import colours, mix
from impasto.worlds.styles.style import Style


def _pebbles(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    side = 2.4 * style.on(min(shape))
    cells = cut(rng, shape, side, jitter=style["jitter"])
    dome = np.sqrt(np.clip(1 - (1 - np.minimum(cells.border / (0.42 * side), 1)) ** 2, 0, 1))
    shade, gloss = lit(dome.astype(np.float32), style["angle"], 0.3 * side)
    tones = colours(style.palette)[rng.integers(1, len(style.palette), cells.count)]
    stones = tones[cells.label] * (1 + 0.08 * fbm(rng, shape, 0.4 * side, 3)[..., None])
    picture = stones * (0.75 + 0.3 * dome + shade)[..., None] + 0.5 * gloss[..., None]
    return mix(picture, style.ramp(np.zeros(1, np.float32))[0], 1 - step(cells.border, 0.07 * side, 1.5))


def _crackle(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Old glaze: a tinted ground under two generations of cracks."""
    side = 2.6 * style.on(min(shape))
    bend = (0.12 * side * noise(rng, shape, 0.5 * side), 0.12 * side * noise(rng, shape, 0.5 * side))
    wide = cut(rng, shape, 1.7 * side, offset=bend)
    fine = cut(rng, shape, 0.7 * side, offset=bend)
    ground = style.ramp(style["tone"] + 0.2 * (level(fbm(rng, shape, 4 * side, 4)) - 0.5) + 0.0 * wide.distance)
    plates = rng.uniform(-0.12, 0.12, wide.count).astype(np.float32)[wide.label]
    crack = 1 - step(wide.border, 0.035 * side * style["weight"] + 0.3, 1.2)
    hair = 0.6 * (1 - step(fine.border, 0.3, 1.0))
    ink = style.ink(-1) if style["tone"] > 0.5 else style.ink(0)
    dark = colours(style.palette)[0] if style["tone"] > 0.5 else colours(style.palette)[-1]
    return mix(ground * (1 + plates)[..., None], 0.8 * dark + 0.2 * ink, np.maximum(crack, hair))


FAMILIES = {
    "pebbles": Texture(draw=_pebbles, scales=(4, 18), traits={"jitter": (0.5, 1), "angle": (-3.14, 3.14)}),
    "crackle": Texture(
        draw=_crackle, scales=(5, 20), traits={"tone": (0.1, 0.9), "weight": (0.4, 1.5), "dark": (0, 1)}
    ),
}
