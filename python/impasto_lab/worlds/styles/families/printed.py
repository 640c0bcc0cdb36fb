"""Families that come from a press: halftone, comic, poster, linocut, pixels, collage."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, noise, rotated, step
from impasto_lab.worlds.styles.canvas.filters import blur, slopes, warp
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.canvas.picture import luminance, nearest, outlines, stretched
from impasto_lab.worlds.styles.families.drawn import covered
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style

#: Thresholds of 4 by 4 neighbours (Bayer 1973), around 0.
_BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) - 7.5) / 16


def screen(shape: Shape, angle: float, side: float, want: Values) -> Values:
    """Halftone dots that cover as much of the ground as wanted, [H, W] from 0 to 1.

    Args:
        shape: Height and width.
        angle: Of the rows of dots, in radians.
        side: From dot to dot, in pixels.
        want: [H, W], from 0 to 1.
    """
    along, across = rotated(shape, angle)
    turn = np.float32(2 * np.pi / side)
    spot = 0.5 + 0.25 * (np.cos(along * turn) + np.cos(across * turn))
    return step(want * 1.1 - 0.05 + spot - 1, 0, 3.2 / side)


def _halftone(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    shape = picture.shape[:2]
    side = max(1.3 * style.on(min(shape)), 3.2)
    first = style["angle"] + rng.normal(0, 0.02)
    if style["inks"] < 0.45:
        want = covered(style, picture, 0.3 * side) ** 1.2
        return mix(style.ink(0) * np.ones_like(picture), style.ink(-1), screen(shape, first, side, want))
    soft = blur(picture, 0.3 * side)
    paper = np.float32(0.97) - np.float32(0.1) * (1 - colors(style.palette)[-1])
    layers = [
        1 - np.float32(0.95) * screen(shape, first + 0.52 * place, side, 1 - soft[..., place]) for place in range(3)
    ]
    layered: Values = np.stack(layers, axis=-1) * paper
    return layered


def _comic(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Flat colours, dots for the half tones, a thick outline."""
    shape = picture.shape[:2]
    side = max(1.2 * style.on(min(shape)), 3.0)
    soft = blur(picture, 0.5 * side)
    flat = colors(style.palette)[nearest(soft, style.palette)]
    light = stretched(luminance(soft))
    between = np.clip(1 - np.abs(light - style["tone"]) * 4, 0, 1)
    dots = screen(shape, style["angle"] + rng.normal(0, 0.02), side, 0.75 * between)
    tinted = mix(flat, flat * 0.35 + 0.65 * style.ink(1), dots)
    line = outlines(soft, 0.18 * side + 0.8, 1.6)
    return mix(tinted, 0.25 * colors(style.palette)[0], line)


def _poster(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Flat areas of strong colour with brushed edges, some outlined."""
    shape = picture.shape[:2]
    unit = 1.4 * style.on(min(shape))
    ragged = 0.5 * unit * style["ragged"]
    bent = warp(picture, ragged * noise(rng, shape, 1.6 * unit), ragged * noise(rng, shape, 1.6 * unit))
    label = nearest(blur(bent, 0.5 * unit), style.palette)
    inks = colors(style.palette)
    flat = blur(inks[label], 0.5)
    streaks = style["streaks"] * noise(rng, shape, (1.2, 3 * unit))
    down, across = slopes(luminance(blur(flat, 0.15 * unit + 0.4)))
    line = step(np.hypot(down, across), 0.06, 0.05) * np.float32(style["line"] > 0.5)
    return mix(shaded(flat, 1 + streaks), inks[0] * 0.5, line)


def _linocut(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Three or four blocks printed over one another, with the gouge's marks beside every edge."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    light = stretched(blur(luminance(picture), 0.8 * unit)) + 0.05 * fbm(rng, shape, 2 * unit, 3)
    _, across = rotated(shape, style["angle"])
    gouge = np.sin(2 * np.pi * (across / (1.6 * unit + 1.5) + 0.5 * noise(rng, shape, 5 * unit)))
    blocks = 2 + round(style["blocks"])
    chosen = np.rint(np.linspace(len(style.palette) - 1, 0, blocks + 1)).astype(np.int64)
    inks = colors(style.palette)[chosen]
    printed: Values = inks[0] * np.ones_like(picture)
    for block in range(1, blocks + 1):
        edge = 1 - block / (blocks + 1) + 0.08
        slack = light - edge
        marks = style["marks"] * gouge * np.clip(1 - np.abs(slack + 0.05) * 9, 0, 1)
        shift = rng.normal(0, 0.15 * unit, 2)
        slipped = np.roll(slack + 0.14 * marks, np.rint(shift).astype(int).tolist(), axis=(0, 1))
        speckle = step(noise(rng, shape, 1.3), -2.2 + style["speckle"], 0.4)
        printed = mix(printed, inks[block], (1 - step(slipped, 0, 0.03)) * speckle)
    return printed


def _pixels(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Few large pixels in few colours, dithered."""
    shape = picture.shape[:2]
    side = max(2, round(style.on(min(shape))))
    rows, columns = (-(-extent // side) for extent in shape)
    padded = np.pad(picture, [(0, rows * side - shape[0]), (0, columns * side - shape[1]), (0, 0)], mode="edge")
    small = padded.reshape(rows, side, columns, side, 3).mean(axis=(1, 3), dtype=np.float32)
    pattern = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns, None]
    label = nearest(small + np.float32(style["dither"]) * pattern, style.palette)
    label = np.where(rng.random(label.shape) < 0.01, np.roll(label, 1, axis=1), label)
    blocks = colors(style.palette)[label].repeat(side, axis=0).repeat(side, axis=1)[: shape[0], : shape[1]]
    if style["grid"] < 0.5 or side < 4:
        return blocks
    y, x = np.arange(shape[0]) % side, np.arange(shape[1]) % side
    bevel = (y == 0)[:, None] | (x == 0)[None]
    return blocks * np.where(bevel, np.float32(0.6), np.float32(1))[..., None]


def _collage(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Torn paper, one sheet on another, each with a white rim and a shadow."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    light = stretched(blur(luminance(picture), 1.2 * unit)) + 0.03 * fbm(rng, shape, 3 * unit, 4, 0.7)
    inks = colors(style.palette)
    fibres = 0.04 * noise(rng, shape, (1, 4)) + 0.04 * noise(rng, shape, (4, 1))
    made = shaded(inks[0], 1 + fibres)
    sheets = len(inks)
    for sheet in range(1, sheets):
        edge = sheet / sheets
        cover = step(light, edge, 0.02)
        shadow = blur(np.roll(step(light, edge - 0.02, 0.03), (round(0.4 * unit) + 1,) * 2, axis=(0, 1)), 0.4 * unit)
        rim = step(light, edge - style["rim"] * 0.05, 0.02)
        made = mix(made, 0.4 * made, 0.7 * shadow)
        made = mix(made, 0.75 + 0.25 * inks[-1], rim)
        made = mix(made, shaded(inks[sheet], 1 + np.roll(fibres, 17 * sheet, axis=sheet % 2)), cover)
    return made


FAMILIES = {
    "halftone": Painting(
        repaint=_halftone, scales=(2.6, 12), traits={"angle": (0, 1.57), "inks": (0, 1), "dark": (0, 0.9)}
    ),
    "comic": Painting(
        repaint=_comic, scales=(2.6, 9), traits={"angle": (0, 1.57), "tone": (0.35, 0.7), "dark": (0, 1)}
    ),
    "poster": Painting(
        repaint=_poster,
        scales=(3, 14),
        traits={"ragged": (0, 1.2), "streaks": (0, 0.05), "line": (0, 1), "dark": (0, 1)},
    ),
    "linocut": Painting(
        repaint=_linocut,
        scales=(2.5, 9),
        traits={"angle": (-1.57, 1.57), "blocks": (0, 2), "marks": (0.2, 1.2), "speckle": (0, 1)},
    ),
    "pixels": Painting(repaint=_pixels, scales=(2, 14), traits={"dither": (0, 0.5), "grid": (0, 1)}),
    "collage": Painting(repaint=_collage, scales=(3, 12), traits={"rim": (0, 2)}),
}
