"""Textures that look grown: reaction and diffusion, rust, fur."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, level, noise, step
from impasto_lab.worlds.styles.canvas.filters import blur, lit
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.canvas.raster import resized
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _turing(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Spots and stripes as on an animal's coat: noise sharpened at one scale, again and again."""
    unit = style.on(min(shape))
    # Grown on a grid where a stripe is about five points wide.
    fine = max(unit / 5, 0.8)
    grid = (int(shape[0] / fine) + 8, int(shape[1] / fine) + 8)
    state = rng.standard_normal(grid, dtype=np.float32)
    for _ in range(12):
        near = blur(state, 1.2)
        far = near
        for _ in range(2):
            far = blur(far, 1.35)
        if style["stripes"] > 0.5:
            axis = int(style["stripes"] > 0.75)
            near = (near + np.roll(near, 2, axis=axis) + np.roll(near, -2, axis=axis)) / 3
        state = np.clip(3.2 * (near - far) / max(float((near - far).std()), 1e-6) * 0.4 + style["fill"], -1, 1)
    grown = resized(0.5 + 0.5 * state, (int(grid[0] * fine), int(grid[1] * fine)))[: shape[0], : shape[1]]
    skin = step(grown, 0.5, 0.3)
    tint = level(fbm(rng, shape, 9 * unit, 3))
    count = len(style.palette)
    low = style.ramp(0.45 * tint) if style["two"] < 0.5 else colors(style.palette)[0] * np.ones((*shape, 3), np.float32)
    high = (
        style.ramp(1 - 0.45 * tint)
        if style["two"] < 0.5
        else colors(style.palette)[count - 1 - round(style["fill"] > 0)]
    )
    shade, _ = lit(blur(skin, 0.12 * unit), -2.3, 1.2 * unit * style["relief"])
    return shaded(mix(low, high, skin), 1 + shade)


def _rust(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Old paint that flakes off in patches, lichen and stains on what is under it."""
    unit = style.on(min(shape))
    inks = colors(style.palette)
    metal = style.ramp(0.35 * level(fbm(rng, shape, 3 * unit, 5, 0.7)))
    paint = shaded(inks[-2], 1 + 0.07 * fbm(rng, shape, 6 * unit, 4, 0.7))
    height = fbm(rng, shape, 5 * unit, 6, 0.6) + style["worn"]
    intact = step(height, 0, 0.06)
    lifted = step(height, 0.25, 0.5)
    shade, _ = lit(blur(intact, 0.8), style["angle"], 2.5)
    flaked = mix(metal, mix(inks[2] * (0.85 + 0.1 * height[..., None]), paint, lifted), intact)
    drip = step(noise(rng, shape, (18 * unit, 0.7 * unit)), 1.2, 1.2) * level(noise(rng, shape, 12 * unit))
    stained = mix(flaked, inks[1], 0.6 * style["drips"] * drip)
    lichen = step(fbm(rng, shape, 1.5 * unit, 4) + 0.8 * noise(rng, shape, 8 * unit), 1.5 - style["lichen"], 0.15)
    grown = mix(stained, style.ramp(0.75 + 0.15 * noise(rng, shape, 1.5)), lichen)
    return shaded(grown, 1 + 0.8 * shade)


def _fur(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Hair, grass or feathers: dark roots, light tips, all along one current."""
    unit = max(style.on(min(shape)), 1.5)
    turn = style["angle"] + style["swirl"] * noise(rng, shape, 0.3 * min(shape))
    grain = noise(rng, shape, max(0.7 * unit, 1.0))
    tint = level(fbm(rng, shape, 7 * unit, 3), style["patches"])
    rows, columns = np.indices(shape, dtype=np.float32)
    down, across = np.sin(turn), np.cos(turn)
    total, tips = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for reach in np.arange(11):
        away = (reach - 5) * np.float32(style["length"] * unit / 4)
        row = np.clip(rows + away * down, 0, shape[0] - 1).astype(np.int64)
        column = np.clip(columns + away * across, 0, shape[1] - 1).astype(np.int64)
        seen = grain[row, column]
        total += seen
        tips += seen * (reach - 5)
    total, tips = total / (total.std() + 1e-6), tips / (tips.std() + 1e-6)
    tone = 0.2 + 0.6 * tint + 0.13 * total + 0.06 * tips
    return shaded(style.ramp(tone), 0.9 + 0.16 * total)


FAMILIES = {
    "reaction": Texture(
        draw=_turing,
        scales=(4, 20),
        traits={"stripes": (0, 1), "fill": (-0.22, 0.22), "two": (0, 1), "relief": (0, 0.5)},
    ),
    "rust": Texture(
        draw=_rust,
        scales=(4, 18),
        traits={"worn": (-0.5, 0.8), "drips": (0, 1), "lichen": (-0.5, 0.9), "angle": (-3.1, 3.1)},
    ),
    "fur": Texture(
        draw=_fur,
        scales=(1.5, 6),
        traits={"angle": (0, 6.28), "swirl": (0.1, 0.9), "patches": (0.6, 2), "length": (3, 7)},
    ),
}
