"""Textures as abstract painters made them: figures, grids, fields of colour."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, level, noise, places, step
from impasto_lab.worlds.styles.canvas.filters import blur, lit
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.canvas.raster import blank, reduced
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _figures(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Discs, rings, wedges, bars and lines at odds with one another, on a pale or dark ground."""
    unit = style.on(min(shape))
    inks = style.inks
    made = shaded(style.ink(0), 1 + 0.04 * fbm(rng, shape, 3 * unit, 4))
    count = round(np.clip(style["many"] * 160 / style.scale, 12, 60))
    side = 2 * np.array(shape[::-1])
    turn = style["angle"]
    for layer in range(5):
        image, draw = blank(shape, 2)
        for _ in range(count // 5 + 1):
            x, y = (rng.uniform(0, 1, 2) * side).tolist()
            size = 2 * unit * rng.uniform(0.8, 3.5)
            kind, lean = rng.integers(5), turn + rng.normal(0, 0.25) + np.pi / 2 * rng.integers(2)
            u, v = np.cos(lean), np.sin(lean)
            if kind == 0:
                draw.ellipse([x - size, y - size, x + size, y + size], 255)
            elif kind == 1:
                draw.ellipse([x - size, y - size, x + size, y + size], None, 255, max(2, round(0.4 * unit)))
            elif kind == 2:
                draw.polygon([x, y, x + size * u * 2, y + size * v * 2, x - size * v, y + size * u], 255)
            elif kind == 3:
                draw.line(
                    [x - 3 * size * u, y - 3 * size * v, x + 3 * size * u, y + 3 * size * v],
                    255,
                    max(2, round(0.5 * unit)),
                )
            else:
                corners = [
                    (-u - 0.4 * v, -v + 0.4 * u),
                    (u - 0.4 * v, v + 0.4 * u),
                    (u + 0.4 * v, v - 0.4 * u),
                    (-u + 0.4 * v, -v - 0.4 * u),
                ]
                draw.polygon([(x + size * a, y + size * b) for a, b in corners], 255)
        own = colors(inks)[1 + (layer + round(style["order"])) % (len(inks) - 1)]
        made = mix(made, shaded(own, 1 + 0.03 * noise(rng, shape, 1.5)), style["cover"] * reduced(image, 2))
    return made


def _grid(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Rectangles between bars, as De Stijl had them: the plane halved until the parts are small."""
    unit = style.on(min(shape))
    height, width = shape
    made = np.empty((*shape, 3), np.float32)
    bar = max(1, round(0.28 * unit * style["bar"]))
    inks, ground, line = colors(style.palette), style.ink(0), style.ink(-1)
    boxes = [(0, 0, height, width)]
    while boxes:
        top, left, bottom, right = boxes.pop()
        tall, wide = bottom - top, right - left
        if max(tall, wide) > 2.2 * unit and (max(tall, wide) > 11 * unit or rng.random() < 0.8):
            at = rng.uniform(0.3, 0.7)
            if tall > wide:
                middle = top + round(at * tall)
                boxes += [(top, left, middle, right), (middle, left, bottom, right)]
            else:
                middle = left + round(at * wide)
                boxes += [(top, left, bottom, middle), (top, middle, bottom, right)]
            continue
        plain = rng.random() < style["plain"]
        made[top:bottom, left:right] = ground if plain else inks[rng.integers(len(inks))]
        made[top : top + bar, left:right] = line
        made[top:bottom, left : left + bar] = line
    return shaded(made, 1 + style["canvas"] * noise(rng, shape, 1.4))


def _panels(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Two or three fields of colour, soft at their edges, breathing over a ground."""
    unit = style.on(min(shape))
    y, x = places(shape)
    inks = colors(style.inks)
    brushed = 0.05 * noise(rng, shape, (unit, 4 * unit)) + 0.04 * fbm(rng, shape, 3 * unit, 5, 0.7)
    made = shaded(inks[1], 1 + brushed)
    fields = 2 + round(style["fields"])
    edges = np.linspace(0.05, 0.95, fields + 1) + np.r_[0, rng.uniform(-0.09, 0.09, fields - 1), 0]
    order = rng.permutation(np.r_[0, np.arange(2, len(inks))])
    for field in range(fields):
        middle, reach = (
            (edges[field] + edges[field + 1]) / 2 * shape[0],
            (edges[field + 1] - edges[field]) / 2 * shape[0],
        )
        inside = np.minimum(reach - np.abs(y - middle), shape[1] * 0.44 - np.abs(x - shape[1] / 2)) - 0.8 * unit
        cover = step(inside + 0.5 * unit * fbm(rng, shape, 1.5 * unit, 4, 0.7), 0, unit * style["soft"])
        glow = 1 + 0.12 * level(noise(rng, shape, 12 * unit)) + 0.07 * fbm(rng, shape, (1.2 * unit, 5 * unit), 4, 0.7)
        made = mix(made, inks[order[field % order.size]] * glow[..., None], 0.94 * cover)
    shade, _ = lit(blur(noise(rng, shape, 1.2), 0.5), -2.2, style["canvas"])
    return shaded(made, 1 + shade)


FAMILIES = {
    "figures": Texture(
        draw=_figures,
        scales=(5, 16),
        traits={"many": (1, 3), "angle": (0, 1.57), "order": (0, 4), "cover": (0.7, 1), "dark": (0, 1)},
    ),
    "grid": Texture(
        draw=_grid,
        scales=(6, 22),
        traits={"bar": (0.5, 1.6), "plain": (0, 0.75), "canvas": (0, 0.05), "dark": (0, 0.8)},
    ),
    "panels": Texture(
        draw=_panels,
        scales=(4, 16),
        traits={"fields": (0, 2), "soft": (0.3, 2.5), "canvas": (0.1, 0.5), "dark": (0, 1)},
    ),
}
