"""Textures that are never trained on: zigzags, rings of waves, camouflage, houndstooth."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, noise, rotated, step
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _zigzag(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Bands of all inks that go up and down together."""
    unit = style.on(min(shape))
    y, x = rotated(shape, style["angle"])
    period = style["length"] * unit
    fold = np.abs((x / period + rng.random()) % 1 - 0.5) * style["steep"] * period
    inks = colors(style.palette)
    order = rng.permutation(len(inks))
    place = (y + fold) / unit + rng.random()
    band = np.floor(place).astype(np.int64)
    edge = step(place % 1, 1 - 1 / unit, 1 / unit)
    this, following = (inks[order[number % len(inks)]] for number in (band, band + 1))
    return shaded(mix(this, following, edge), 1 + 0.04 * noise(rng, shape, 1.5))


def _waves(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Rings that run out from several places and pass through each other."""
    unit = style.on(min(shape))
    y, x = rotated(shape, 0.0)
    total = np.zeros(shape, np.float32)
    for _ in range(round(style["sources"])):
        top, left = rng.uniform(-0.6, 0.6, 2) * shape
        total += np.sin(np.hypot(y - top, x - left) * np.float32(2 * np.pi / (4 * unit)) + np.float32(rng.random()))
    return style.ramp(0.5 + 0.5 * total / np.float32(np.sqrt(2 * round(style["sources"]))))


def _camouflage(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Flat patches of every ink, one over the other."""
    unit = style.on(min(shape))
    inks = colors(style.palette)[rng.permutation(len(style.palette))]
    picture = np.broadcast_to(inks[0], (*shape, 3)).astype(np.float32)
    for ink in inks[1:]:
        patch = fbm(rng, shape, 5 * unit, 3)
        picture = mix(picture, ink, step(patch / patch.std(), style["bare"], 0.06))
    return picture


def _houndstooth(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Two inks of twill: checks with a tooth at every corner."""
    unit = 0.5 * style.on(min(shape))
    y, x = rotated(shape, style["angle"])
    row, column = (np.floor(value / unit + 8 * rng.random()).astype(np.int64) % 8 for value in (y, x))
    weft = (row + column) % 4 < 2
    dark = np.where(weft, row < 4, column < 4)
    threads = shaded(np.broadcast_to(style.ink(0), (*shape, 3)), 1 + 0.05 * noise(rng, shape, 1.2))
    return mix(threads, style.ink(-1), dark.astype(np.float32))


FAMILIES = {
    "zigzag": Texture(draw=_zigzag, scales=(4, 16), traits={"angle": (0, 3.14), "length": (2, 6), "steep": (0.7, 1.6)}),
    "waves": Texture(draw=_waves, scales=(1.5, 6), traits={"sources": (2, 6)}),
    "camouflage": Texture(draw=_camouflage, scales=(3, 12), traits={"bare": (0.1, 0.8)}),
    "houndstooth": Texture(draw=_houndstooth, scales=(4, 16), traits={"angle": (0, 0.8), "dark": (0, 1)}),
}
