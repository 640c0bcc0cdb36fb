"""Textures of paint and dye that ran: batik, splatter, smears."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from impasto_lab.worlds.styles.canvas.cells import cut
from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, level, noise, step
from impasto_lab.worlds.styles.canvas.filters import blur, lit, warp
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.canvas.raster import blank, reduced
from impasto_lab.worlds.styles.family import Texture
from impasto_lab.worlds.styles.style import Style


def _batik(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Dye in several baths over blotches of wax, whose cracks let a little through."""
    unit = style.on(min(shape))
    cloth = style.ramp(0.92 + 0.05 * fbm(rng, shape, 5 * unit, 3))
    bend = (0.4 * unit * noise(rng, shape, 2 * unit), 0.4 * unit * noise(rng, shape, 2 * unit))
    baths = 2 + round(style["baths"])
    for bath in range(baths):
        blotch = fbm(rng, shape, 2.8 * unit, 2, 0.35)
        kept = step(np.abs(blotch) if style["rings"] > 0.5 else blotch, 0.05 + 0.3 * bath - 0.25 * style["pale"], 0.12)
        dye = style.ramp(0.82 - 0.82 * (bath + 0.35) / baths + 0.05 * fbm(rng, shape, 3 * unit, 3))
        cloth = mix(cloth * (0.4 + 0.6 * dye), dye, 1 - 0.35 * kept) if bath == 0 else mix(dye, cloth, kept)
    cracks = cut(rng, shape, 3.2 * unit, offset=bend)
    thin = 1 - step(cracks.border, 0.25, 1.1)
    return mix(
        cloth, colors(style.palette)[0] * 0.8, style["cracks"] * thin * step(noise(rng, shape, 4 * unit), -0.3, 1.5)
    )


def _splatter(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Thrown and dripped paint: looping threads, blots and spatter, one colour over another."""
    unit = style.on(min(shape))
    made = shaded(style.ink(0), 1 + 0.03 * fbm(rng, shape, 2, 2))
    for layer in range(4):
        image, draw = blank(shape, 2)
        for _ in range(round(style["threads"])):
            steps = rng.normal(0, 1, (2, 40)).cumsum(axis=1).cumsum(axis=1)
            path = steps - steps.mean(axis=1, keepdims=True)
            path = path / np.abs(path).max() * rng.uniform(0.5, 1.2) * min(shape) + rng.uniform(
                0, 2 * min(shape), (2, 1)
            )
            widths = np.maximum(unit * rng.uniform(0.1, 0.9) * (1 + np.cos(np.linspace(0, rng.uniform(3, 20), 40))), 1)
            points, rounded = path.T.tolist(), np.rint(widths).astype(int).tolist()
            for (start, end), width in zip(pairwise(points), rounded[:-1], strict=True):
                draw.line([*start, *end], 255, width)
        spots = round(style["spots"] * (1 + 256 / (8 * style.scale)))
        where = rng.uniform(0, 1, (spots, 2)) * 2 * np.array(shape[::-1])
        sizes = 2 * unit * rng.exponential(0.35, spots)
        for (x, y), radius in zip(where.tolist(), sizes.tolist(), strict=True):
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], 255)
        cover = reduced(image, 2)
        thick = blur(cover, 0.15 * unit + 0.5)
        shade, gloss = lit(thick, -2.2, 3.0 * style["relief"])
        own = style.ink(1 + (layer * 2 + round(style["order"])) % (len(style.palette) - 1))
        made = mix(made, shaded(own, 1 + shade) + 0.3 * gloss[..., None], cover)
    return made


def _smears(style: Style, shape: Shape, rng: np.random.Generator) -> Values:
    """Wet paint pulled with a squeegee, torn open in places."""
    unit = style.on(min(shape))
    upright = style["upright"] > 0.5
    turned = shape[::-1] if upright else shape
    blots = fbm(rng, turned, (2.2 * unit, 8 * unit * style["pull"]), 5, 0.65)
    under = style.ramp(level(fbm(rng, turned, 4 * unit, 3), 1.5))
    bent = warp(level(blots, 1.6), 0.7 * unit * noise(rng, turned, 9 * unit), np.zeros(turned, np.float32))
    over = style.ramp(bent)
    torn = step(
        noise(rng, turned, (1.4, 2.4 * unit)) + 1.2 * noise(rng, turned, (3 * unit, 9 * unit)),
        0.9 * style["cover"],
        0.7,
    )
    shade, _ = lit(noise(rng, turned, (1.3, 12 * unit)) * 0.5 + 2 * torn, 1.4, 0.25)
    made = shaded(mix(over, under, torn), 1 + shade)
    return np.ascontiguousarray(made.swapaxes(0, 1)) if upright else made


FAMILIES = {
    "batik": Texture(
        draw=_batik, scales=(5, 18), traits={"baths": (0, 2), "pale": (0, 1.5), "rings": (0, 1), "cracks": (0, 1)}
    ),
    "splatter": Texture(
        draw=_splatter,
        scales=(2.5, 12),
        traits={"threads": (3, 9), "spots": (5, 30), "relief": (0, 1), "order": (0, 3), "dark": (0, 1)},
    ),
    "smears": Texture(draw=_smears, scales=(3, 14), traits={"upright": (0, 1), "pull": (1, 3), "cover": (0.3, 2)}),
}
