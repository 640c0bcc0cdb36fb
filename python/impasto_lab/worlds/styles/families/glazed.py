"""Textures of stones and plates: pebbles, crackle, terrazzo."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.cells import cut
from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, level, noise, step
from impasto_lab.worlds.styles.canvas.filters import lit
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _pebbles(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    side = 2.4 * style.on(min(shape))
    cells = cut(rng, shape, side, jitter=style["jitter"])
    dome = np.sqrt(np.clip(1 - (1 - np.minimum(cells.border / (0.42 * side), 1)) ** 2, 0, 1))
    shade, gloss = lit(dome.astype(np.float32), style["angle"], 0.3 * side)
    tones = colors(style.palette)[rng.integers(1, len(style.palette), cells.count)]
    stones = tones[cells.label] * (1 + 0.08 * fbm(rng, shape, 0.4 * side, 3)[..., None])
    picture = shaded(stones, 0.75 + 0.3 * dome + shade) + 0.5 * gloss[..., None]
    return mix(picture, style.ramp(np.zeros(1, np.float32))[0], 1 - step(cells.border, 0.07 * side, 1.5))


def _crackle(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Old glaze: a tinted ground under two generations of cracks."""
    side = 2.6 * style.on(min(shape))
    bend = (0.12 * side * noise(rng, shape, 0.5 * side), 0.12 * side * noise(rng, shape, 0.5 * side))
    wide = cut(rng, shape, 1.7 * side, offset=bend)
    fine = cut(rng, shape, 0.7 * side, offset=bend)
    ground = style.ramp(style["tone"] + 0.2 * (level(fbm(rng, shape, 4 * side, 4)) - 0.5))
    plates = rng.uniform(-0.12, 0.12, wide.count).astype(np.float32)[wide.label]
    crack = 1 - step(wide.border, 0.035 * side * style["weight"] + 0.3, 1.2)
    hair = 0.6 * (1 - step(fine.border, 0.3, 1.0))
    ink = style.ink(-1) if style["tone"] > 0.5 else style.ink(0)
    dark = colors(style.palette)[0] if style["tone"] > 0.5 else colors(style.palette)[-1]
    return mix(shaded(ground, 1 + plates), 0.8 * dark + 0.2 * ink, np.maximum(crack, hair))


def _terrazzo(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Chips of stone in three sizes, strewn in polished cement."""
    unit = style.on(min(shape))
    inks = colors(style.inks)
    made = shaded(inks[0], 1 + 0.03 * fbm(rng, shape, 2, 3))
    for share in (0.8, 1.5, 3.0):
        side = share * unit + 2
        cells = cut(rng, shape, side, jitter=1.0)
        chance = rng.random(cells.count, dtype=np.float32)
        own = inks[rng.integers(1, len(inks), cells.count)]
        own = own * rng.uniform(0.85, 1.1, (cells.count, 1))
        inset = rng.uniform(0.05, 0.25, cells.count) * side
        chip = (
            step(cells.border - inset[cells.label].astype(np.float32), 0, 1.1) * (chance < style["dense"])[cells.label]
        )
        made = mix(made, own[cells.label].astype(np.float32), chip.astype(np.float32))
    return made


FAMILIES = {
    "pebbles": Texture(draw=_pebbles, scales=(4, 18), traits={"jitter": (0.5, 1), "angle": (-3.14, 3.14)}),
    "crackle": Texture(
        draw=_crackle, scales=(5, 20), traits={"tone": (0.1, 0.9), "weight": (0.4, 1.5), "dark": (0, 1)}
    ),
    "terrazzo": Texture(draw=_terrazzo, scales=(3, 12), traits={"dense": (0.25, 0.7), "dark": (0, 0.9)}),
}
