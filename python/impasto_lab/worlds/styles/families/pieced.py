"""Families that put a picture together from pieces: mosaic, stained glass, cubist facets, embroidery."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.cells import cut
from impasto_lab.worlds.styles.canvas.fields import Values, fbm, noise, places, rotated, step
from impasto_lab.worlds.styles.canvas.filters import blur, lit
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.canvas.picture import luminance
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style


def _mosaic(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Small stones, none quite like the next, in mortar."""
    shape = picture.shape[:2]
    side = max(1.2 * style.on(min(shape)), 4.0)
    bend = (side * style["bend"] * noise(rng, shape, 9 * side), side * style["bend"] * noise(rng, shape, 9 * side))
    cells = cut(rng, shape, side, jitter=style["jitter"], offset=bend)
    off = rng.normal(0, style["uneven"], (cells.count, 1)) + rng.normal(0, 0.4 * style["uneven"], (cells.count, 3))
    stones = (cells.means(picture) + off.astype(np.float32))[cells.label]
    shade, gloss = lit(np.minimum(cells.border, 0.25 * side), -2.3, 0.7 * style["bevel"])
    laid = shaded(stones, 1 + shade) + 0.3 * gloss[..., None]
    mortar = style.ink(0) * np.float32(0.9) * (1 + 0.08 * noise(rng, shape, 1.5))[..., None]
    return mix(mortar, laid, step(cells.border, 0.06 * side + 0.3, 1.1))


def _glass(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Panes of coloured glass held by leads, light behind them."""
    shape = picture.shape[:2]
    side = 1.7 * style.on(min(shape))
    bend = 0.3 * side * style["bend"]
    offset = (bend * noise(rng, shape, 2.5 * side), bend * noise(rng, shape, 2.5 * side))
    cells = cut(rng, shape, side, offset=offset, corners=style["corners"])
    panes = cells.means(picture)
    gray = luminance(panes)[:, None]
    vivid = np.clip(gray + (panes - gray) * np.float32(1.7) + rng.normal(0, 0.07, (cells.count, 3)), 0, 1)
    glow = 1.18 - 0.6 * np.minimum(cells.distance / side, 1) + 0.09 * fbm(rng, shape, 0.5 * side, 3)
    lead = 0.045 * side * style["lead"] + 0.6
    shade, _ = lit(np.sqrt(np.clip(1 - (cells.border / (1.6 * lead)) ** 2, 0, 1)), -2.3, 2.0)
    black = 0.07 + 0.1 * shade[..., None] + 0.05 * colors(style.palette)[0]
    return mix(
        black.astype(np.float32), vivid[cells.label].astype(np.float32) * glow[..., None], step(cells.border, lead, 1.2)
    )


def _facets(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """The picture cut by lines; every facet shows it from a little elsewhere, in a light of its own."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    cuts = int(np.clip(0.6 * min(shape) / unit, 5, 12))
    label = np.zeros(shape, np.int64)
    edge = np.full(shape, 1e9, np.float32)
    reach = 0.45 * min(shape)
    for number in range(cuts):
        _, across = rotated(shape, style["angle"] + (number % 3) * style["fan"] + rng.normal(0, 0.3))
        away = across - rng.uniform(-reach, reach)
        label = 2 * label + (away > 0)
        edge = np.minimum(edge, np.abs(away))
    facets = 1 << cuts
    shift = (rng.normal(0, style["shift"] * unit, (2, facets)).astype(np.float32))[:, label]
    rows, columns = np.indices(shape)
    row = np.clip(rows + shift[0], 0, shape[0] - 1).astype(np.int64)
    column = np.clip(columns + shift[1], 0, shape[1] - 1).astype(np.int64)
    turn = rng.uniform(0, 2 * np.pi, facets).astype(np.float32)
    slope = np.cos(turn)[label] * (columns - shape[1] / 2) + np.sin(turn)[label] * (rows - shape[0] / 2)
    light = 1 + style["contrast"] * np.sin(slope / (0.16 * min(shape))) + rng.normal(0, 0.07, facets)[label]
    shown = blur(picture, 0.12 * unit)[row, column] * light.astype(np.float32)[..., None]
    brushed = shaded(shown, 1 + 0.06 * fbm(rng, shape, 0.5 * unit, 3))
    line = (1 - step(edge, 0.05 * unit + 0.3, 1.3)) * np.float32(style["line"])
    return mix(brushed, 0.4 * colors(style.palette)[0], line)


def _stitches(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Crosses of thread on cloth, or knitted loops."""
    shape = picture.shape[:2]
    side = max(round(1.2 * style.on(min(shape))), 5)
    y, x = places(shape)
    knitted = style["knit"] > 0.5
    v, u = y / side, x / side + (0 * y)
    if knitted:
        v = v + 0.5 * np.abs(u % 1 - 0.5) * 1.6
    row, column = np.floor(v).astype(np.int64), np.floor(u).astype(np.int64)
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    tops = np.clip((np.arange(rows) + 0.4) * side, 0, shape[0] - 1).astype(np.int64)
    lefts = np.clip((np.arange(columns) + 0.5) * side, 0, shape[1] - 1).astype(np.int64)
    threads = blur(picture, 0.35 * side)[tops][:, lefts] + rng.normal(0, style["uneven"], (rows, columns, 1))
    thread = threads.astype(np.float32)[row, column]
    v, u = v - row - 0.5, u - column - 0.5
    if knitted:
        body = np.cos(np.pi * np.clip(v, -0.5, 0.5)) * np.cos(np.pi * 0.9 * (np.abs(u) - 0.25) * 1.6)
        strand = np.sin((v + np.abs(u)) * 22)
        return shaded(thread, 0.45 + 0.68 * np.clip(body, 0, 1) + 0.06 * strand)
    under, over = np.abs(u + v), np.abs(u - v)
    wide = np.float32(style["wide"])
    inside = np.maximum(np.abs(u), np.abs(v)) < 0.49
    top = np.clip(1 - (over / wide) ** 2, 0, 1)
    low = 0.72 * np.clip(1 - (under / wide) ** 2, 0, 1)
    height = np.where(inside, np.maximum(top, low), 0).astype(np.float32)
    cloth = shaded(style.ink(0), 0.8 + 0.1 * np.sin(2 * np.pi * x / 2.6) * np.sin(2 * np.pi * y / 2.6))
    strands = 1 + 0.1 * np.sin(26 * np.where(top >= low, u - v, u + v))
    return mix(cloth.astype(np.float32), shaded(thread, 0.62 + 0.55 * height * strands), step(height, 0.15, 0.25))


FAMILIES = {
    "mosaic": Painting(
        repaint=_mosaic,
        scales=(4, 14),
        traits={"jitter": (0.15, 0.85), "bend": (0, 0.7), "uneven": (0.02, 0.1), "bevel": (0.2, 1.2), "dark": (0, 1)},
    ),
    "stained_glass": Painting(
        repaint=_glass, scales=(4, 12), traits={"bend": (0, 0.8), "corners": (1, 4), "lead": (0.6, 1.8)}
    ),
    "facets": Painting(
        repaint=_facets,
        scales=(6, 20),
        traits={"angle": (0, 3.14), "fan": (0.6, 1.4), "shift": (0.15, 0.6), "contrast": (0.1, 0.3), "line": (0, 1)},
    ),
    "stitches": Painting(
        repaint=_stitches,
        scales=(4, 12),
        traits={"knit": (0, 1), "uneven": (0.01, 0.06), "wide": (0.3, 0.5), "dark": (0, 0.9)},
    ),
}
