"""Families painted with water: watercolour, ink wash."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Values, fbm, noise, step
from impasto_lab.worlds.styles.canvas.filters import blur, warp
from impasto_lab.worlds.styles.canvas.palette import colors, mix, shaded
from impasto_lab.worlds.styles.canvas.picture import luminance, stretched
from impasto_lab.worlds.styles.family import Painting
from impasto_lab.worlds.styles.style import Style


def _pigment(style: Style, picture: Values, washes: int, rng: np.random.Generator) -> tuple[Values, Values]:
    """The picture run together in flat washes, and how much pigment settled: more on edges, in the paper's dips."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    bleed = 0.5 * unit * style["bleed"]
    run = warp(picture, bleed * fbm(rng, shape, 2.5 * unit, 3), bleed * fbm(rng, shape, 2.5 * unit, 3))
    run = blur(run, 0.4 * unit)
    light = stretched(luminance(run)) + 0.04 * fbm(rng, shape, 6 * unit, 3)
    settled = np.zeros(shape, np.float32)
    flat = np.zeros(shape, np.float32)
    for wash in range(1, washes + 1):
        cover = 1 - step(light, wash / (washes + 1), 0.03)
        # A drying wash carries its pigment to its edge.
        settled += np.clip(cover - blur(cover, 0.25 * unit + 0.9), 0, 1)
        flat += 1 - cover
    tone = (flat + 0.35) / (washes + 0.5)
    gain = (0.45 + 0.55 * tone) / np.maximum(luminance(run) + 0.25, 0.25)
    toned = np.clip(shaded(run, 1 + style["flat"] * (np.clip(gain, 0.6, 1.5) - 1)), 0, 1)
    tooth = noise(rng, shape, max(1.2, style["tooth"] * min(shape) / 256))
    cloud = fbm(rng, shape, 7 * unit, 4)
    density = 1 + style["edge"] * 2.2 * settled + style["grain"] * 0.3 * tooth + style["bloom"] * 0.15 * cloud
    return toned, np.maximum(density, 0.1)


def _watercolor(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """Thin washes with dark edges, the paper shining through."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    toned, density = _pigment(style, picture, 4, rng)
    thin = 1 - (1 - toned) * np.float32(style["strength"])
    painted = np.maximum(thin, 0.02) ** density[..., None]
    bare = step(stretched(luminance(toned)) + 0.12 * fbm(rng, shape, 4 * unit, 3), 1.02 - 0.25 * style["bare"], 0.08)
    paper = np.float32(0.97) - np.float32(0.08) * (1 - colors(style.palette)[-1])
    return mix(painted, paper, bare)


def _ink(style: Style, picture: Values, rng: np.random.Generator) -> Values:
    """One ink in a few dilutions, wet edges, and a dry brush in the darks."""
    shape = picture.shape[:2]
    unit = style.on(min(shape))
    toned, density = _pigment(style, picture, 3, rng)
    dark = (1 - stretched(luminance(toned))) ** 1.3
    dry = step(noise(rng, shape, (1.4, 3.5 * unit)) + 2.2 * (dark - 0.55), 0.0, 0.9)
    load = np.clip(dark * density, 0, 1.1) * (1 - style["dry"] * (1 - dry) * step(dark, 0.45, 0.2))
    paper = 1 - (1 - colors(style.palette)[-1]) * np.float32(0.5)
    ink = colors(style.palette)[0] * np.float32(0.6)
    painted = mix(shaded(paper, 1 + 0.02 * noise(rng, shape, (1, 3))), ink, load)
    accent = colors(style.palette)[len(style.palette) // 2]
    second = step(fbm(rng, shape, 14 * unit, 2), 1.3 - style["accent"], 0.6) * np.clip(
        1 - 1.6 * np.abs(dark - 0.5), 0, 1
    )
    return mix(painted, painted * 0.3 + accent * 0.7, second)


FAMILIES = {
    "watercolour": Painting(
        repaint=_watercolor,
        scales=(3, 13),
        traits={
            "bleed": (0.5, 1.6),
            "flat": (0.2, 0.9),
            "tooth": (1.2, 2.6),
            "edge": (0.4, 1.5),
            "grain": (0.2, 1),
            "bloom": (0.3, 1.6),
            "strength": (0.5, 1),
            "bare": (0, 1),
        },
    ),
    "ink_wash": Painting(
        repaint=_ink,
        scales=(3, 13),
        traits={
            "bleed": (0.8, 2.4),
            "flat": (0.3, 1),
            "tooth": (1.2, 2.6),
            "edge": (0.3, 1.4),
            "grain": (0.1, 0.6),
            "bloom": (0.4, 1.8),
            "dry": (0, 0.9),
            "accent": (0, 1),
        },
    ),
}
