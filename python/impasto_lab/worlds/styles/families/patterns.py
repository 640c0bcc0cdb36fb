"""Textures that repeat: dots, stripes, tartan, weave, tiles."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, noise, places, rotated, step
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _polka(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    side = 2.2 * style.on(min(shape))
    y, x = rotated(shape, style["angle"])
    y, x = y / side + rng.random(), x / side + rng.random()
    x = x + 0.5 * (np.floor(y) % 2)
    away = np.hypot(y % 1 - 0.5, x % 1 - 0.5)
    inks = colors(style.inks)
    count = 1 + round(style["colors"])
    pattern = (np.floor(y) * 3 + np.floor(x) * (1 + round(style["colors"]))).astype(np.int64) % count
    dot = 1 - step(away, style["radius"], 1.4 / side)
    ring = style["ring"] * (1 - step(away, 0.45 * style["radius"], 1.4 / side))
    return mix(inks[0], inks[1 + pattern], dot * (1 - ring))


def _opart(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Stripes of two inks, bent until they swim."""
    unit = 1.6 * style.on(min(shape))
    along, across = rotated(shape, style["angle"])
    swell = style["bend"] * 3 * unit * noise(rng, shape, 9 * unit)
    if style["kind"] < 1:
        phase = (across + swell) / unit
    elif style["kind"] < 2:
        center = rng.uniform(-0.3, 0.3, 2) * shape
        phase = np.hypot(along - center[1], across - center[0] + swell) / unit
    else:
        phase = (np.hypot(along, across) + swell) / unit
        spokes = np.arctan2(across, along) / np.pi * np.rint(style["spokes"])
        phase = phase + np.where(spokes % 2 < 1, 1, 0)
    wave = np.sin(np.pi * phase)
    steep = np.float32(unit / np.pi)
    share = np.clip(wave * steep / 1.4 + 0.5, 0, 1).astype(np.float32)
    third = mix(style.ink(-1), style.ink(-3), (noise(rng, shape, 20 * unit) > 0.8).astype(np.float32))
    return mix(style.ink(0), third, share)


def _tartan(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """A sett of stripes, mirrored, in warp and weft, woven as twill."""
    unit = style.on(min(shape))
    inks = colors(style.palette)
    widths = np.maximum(np.rint(rng.uniform(0.6, 4, 7) * unit), 1).astype(np.int64)
    order = rng.permutation(np.r_[np.arange(len(inks)), rng.integers(len(inks), size=2)])[:7]
    sett = np.repeat(order[: len(widths)], widths[: len(order)])
    sett = np.concatenate([sett, sett[::-1]])
    y, x = places(shape)
    down = inks[sett[(y[:, 0].astype(np.int64)) % len(sett)]][:, None]
    across = inks[sett[(x[0].astype(np.int64)) % len(sett)]][None]
    thread = max(1, round(style["thread"] * min(shape) / 256))
    twill = ((y // thread + x // thread) % 4 < 2).astype(np.float32)
    cloth = mix(np.broadcast_to(down, (*shape, 3)), np.broadcast_to(across, (*shape, 3)), 0.25 + 0.5 * twill)
    return shaded(cloth, 1 + 0.05 * noise(rng, shape, (1, 3)) + 0.05 * noise(rng, shape, (3, 1)))


def _weave(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Threads over and under, each round and of its own shade."""
    unit = style.on(min(shape))
    y, x = places(shape)
    y, x = y + 0.2 * unit * noise(rng, shape, 8 * unit), x + 0.2 * unit * noise(rng, shape, 8 * unit)
    row, column = np.floor(y / unit + 2).astype(np.int64), np.floor(x / unit + 2).astype(np.int64)
    row, column = np.maximum(row, 0), np.maximum(column, 0)
    over = (row + column * (1 if style["kind"] < 1 else 2)) % (2 if style["kind"] < 1 else 5) < (
        1 if style["kind"] < 1 else 2
    )
    inks = colors(style.palette)
    stripes = max(1, round(style["stripes"]))
    shades = rng.integers(len(inks), size=(2, 8))
    weft = inks[shades[0][row // stripes % 8]]
    warp = inks[shades[1][column // stripes % 8]]
    v, u = y / unit % 1 - 0.5, x / unit % 1 - 0.5
    round_weft = np.sqrt(np.clip(1 - (1.9 * v) ** 2, 0, 1)) * np.cos(0.9 * np.pi * u)
    round_warp = np.sqrt(np.clip(1 - (1.9 * u) ** 2, 0, 1)) * np.cos(0.9 * np.pi * v)
    cloth = np.where(over[..., None], weft, warp)
    light = np.where(over, round_weft, round_warp) * (1 - 0.1 * noise(rng, shape, 1.5))
    return shaded(cloth, 0.35 + 0.75 * light)


FAMILIES = {
    "polka": Texture(
        draw=_polka,
        scales=(4, 20),
        traits={"angle": (0, 1.57), "colors": (1, 3), "radius": (0.22, 0.48), "ring": (-1, 1), "dark": (0, 1)},
    ),
    "op_art": Texture(
        draw=_opart,
        scales=(2.5, 14),
        traits={"angle": (0, 3.14), "bend": (0.3, 1.6), "kind": (0, 3), "spokes": (3, 14), "dark": (0, 1)},
    ),
    "tartan": Texture(draw=_tartan, scales=(2.5, 14), traits={"thread": (1, 2.6)}),
    "weave": Texture(draw=_weave, scales=(4, 22), traits={"kind": (0, 2), "stripes": (1, 6)}),
}
