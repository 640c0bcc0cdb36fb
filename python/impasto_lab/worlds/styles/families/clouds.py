"""Textures of smooth noise: clouds, marbling, agate, contour lines, plasma, gradients, wood."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, level, noise, places, rotated, step
from impasto_lab.worlds.styles.canvas.filters import lit
from impasto_lab.worlds.styles.canvas.palette import mix
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _clouds(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    cell = 3 * style.on(min(shape))
    field = fbm(rng, shape, (cell, cell * style["stretch"]), 5, style["gain"])
    return style.ramp(level(field, style["contrast"]))


def _marbling(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Bands of ink, bent twice by noise: the second bend follows the first."""
    unit = style.on(min(shape))
    y, x = rotated(shape, style["angle"])
    bend = style["bend"] * unit
    first = [bend * fbm(rng, shape, 6 * unit, 3) for _ in range(2)]
    phase = (y + first[0] + 0.6 * bend * np.sin((x + first[1]) / (3 * unit))) / (2.2 * unit)
    bands = phase + 0.35 * fbm(rng, shape, 2 * unit, 3)
    count = len(style.palette)
    place = np.floor(bands)
    hashed = np.abs(np.sin(place * 12.9898 + 4.1) * 43758.5453) % 1
    inks = style.ramp(np.floor(hashed * count) / (count - 1))
    vein = step(np.abs(bands - place - 0.5), 0.5 - style["vein"] / 2, 0.08)
    return mix(inks, style.ink(0), vein)


def _agate(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    unit = style.on(min(shape))
    height = fbm(rng, shape, 9 * unit, 3, 0.4) * style["rings"]
    tone = 0.5 + 0.5 * np.sin(2 * np.pi * height) * (0.6 + 0.4 * np.sin(2.3 * height + 1))
    return style.ramp(np.clip(tone + 0.05 * noise(rng, shape, 1.5), 0, 1))


def _contours(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """A map's lines of equal height on a ground tinted by height."""
    unit = style.on(min(shape))
    height = fbm(rng, shape, 8 * unit, 3, 0.4)
    rings = height * style["rings"]
    fall = np.hypot(*np.gradient(rings)) + 1e-4
    distance = np.abs(rings - np.rint(rings)) / fall
    line = 1 - step(distance, 0.12 * unit * style["weight"] + 0.35, 1.2)
    count = len(style.palette)
    tint = np.clip(np.floor(level(rings) * count) / (count - 1), 0, 1)
    ground = mix(style.ink(0), style.ramp(tint), np.full(shape, style["tint"], np.float32))
    return mix(ground, style.ink(-1), line.astype(np.float32))


def _plasma(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Sines of sines, their sum going round the palette."""
    unit = 2.4 * style.on(min(shape))
    total = np.zeros(shape, np.float32)
    for angle in rng.uniform(0, 2 * np.pi, 3):
        along, across = rotated(shape, angle)
        total += np.sin(along / unit + rng.uniform(0, 6) + style["twist"] * np.sin(across / (1.7 * unit)))
    y, x = places(shape)
    center = rng.uniform(0, 1, 2) * shape
    total += np.sin(np.hypot(y - center[0], x - center[1]) / unit)
    turn = np.abs((total * style["cycles"] / 4) % 2 - 1)
    return style.ramp(turn.astype(np.float32))


def _gradient(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """A mesh of colours that flow into one another."""
    unit = 5 * style.on(min(shape))
    wide = np.stack([noise(rng, shape, unit) for _ in range(3)], axis=-1) * 0.09 * style["play"]
    tone = level(noise(rng, shape, 1.3 * unit) + 0.4 * noise(rng, shape, unit), 1.2)
    grain = style["grain"] * rng.standard_normal(shape, dtype=np.float32)[..., None]
    made: Values = style.ramp(tone) + wide + grain
    return made


def _wood(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Boards: rings cut lengthwise, fibres along them, seams between."""
    unit = style.on(min(shape))
    quarter = style["upright"] > 0.5
    turned = shape[::-1] if quarter else shape
    y, x = places(turned)
    boards = y / (style["board"] * unit)
    board = np.floor(boards).astype(np.int64)
    shift = rng.uniform(-40, 40, int(board.max()) + 1).astype(np.float32)[board]
    knot = noise(rng, turned, (5 * unit, 14 * unit)) * style["knots"]
    rings = (y + shift * unit) / unit + 1.4 * knot + 0.002 * x * shift / unit
    tone = (rings % 1) ** 1.6
    fibres = noise(rng, turned, (1.2, 9 * unit))
    shade = rng.uniform(-0.12, 0.12, shift.size).astype(np.float32)[board]
    picture = style.ramp(0.62 - 0.4 * tone + 0.09 * fibres + shade)
    seam = np.broadcast_to(1 - step(np.minimum(boards % 1, 1 - boards % 1) * style["board"] * unit, 1.0, 1.0), turned)
    picture = mix(picture, 0.5 * picture, seam)
    return np.ascontiguousarray(picture.swapaxes(0, 1)) if quarter else picture


def _relief(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Plaster or crumpled foil under a low light."""
    unit = style.on(min(shape))
    ridges = 1 - np.abs(fbm(rng, shape, 4 * unit, 4, style["gain"]))
    shade, gloss = lit(ridges, style["angle"], 1.4 * unit * style["depth"])
    tone = level(noise(rng, shape, 9 * unit) + 0.6 * ridges, 0.8)
    return style.ramp(0.25 + 0.5 * tone) * (1 + 1.1 * shade[..., None]) + gloss[..., None]


FAMILIES = {
    "clouds": Texture(
        draw=_clouds, scales=(4, 24), traits={"stretch": (1, 4), "gain": (0.45, 0.75), "contrast": (0.8, 2)}
    ),
    "marbling": Texture(
        draw=_marbling, scales=(4, 16), traits={"angle": (0, 3.14), "bend": (1, 4), "vein": (0, 0.3), "dark": (0, 1)}
    ),
    "agate": Texture(draw=_agate, scales=(4, 20), traits={"rings": (1, 3)}),
    "contours": Texture(
        draw=_contours, scales=(4, 18), traits={"rings": (2, 5), "weight": (0.3, 1.4), "tint": (0, 1), "dark": (0, 1)}
    ),
    "plasma": Texture(draw=_plasma, scales=(2.5, 18), traits={"twist": (0.5, 2.5), "cycles": (2, 6)}),
    "gradient": Texture(draw=_gradient, scales=(8, 24), traits={"play": (0.3, 1.5), "grain": (0, 0.05)}),
    "wood": Texture(draw=_wood, scales=(3, 12), traits={"upright": (0, 1), "board": (4, 14), "knots": (0.5, 2)}),
    "relief": Texture(
        draw=_relief, scales=(3, 16), traits={"angle": (-3.14, 3.14), "gain": (0.35, 0.65), "depth": (0.5, 1.6)}
    ),
}
