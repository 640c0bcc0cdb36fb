"""Things to paint: still lives, a face, shapes, flowers."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, noise, places, step
from impasto_lab.worlds.styles.canvas.palette import Palette, colors, mix, ramp, shaded


def unit_places(shape: Shape) -> tuple[Values, Values]:
    """Rows and columns from 0 to 1: [H, 1] and [1, W]."""
    y, x = places(shape)
    return y / shape[0], x / shape[1]


def ball(shape: Shape, center: tuple[float, float], radii: tuple[float, float]) -> tuple[Values, Values]:
    """An ellipse's cover and how much light falls on it if it is round: two [H, W] float32."""
    y, x = unit_places(shape)
    v, u = (y - center[0]) / radii[0], (x - center[1]) / radii[1]
    away = np.hypot(v, u).astype(np.float32)
    light = np.clip(0.55 - 0.45 * v - 0.4 * u - 0.25 * away**2, 0, 1).astype(np.float32)
    return 1 - step(away, 1.0, 2 / (min(radii) * min(shape))), light


def still_life(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    """Rounded things on a table, with the shadows they cast."""
    y, x = unit_places(shape)
    table = rng.uniform(0.5, 0.65)
    wall = rng.uniform(0.3, 0.8)
    tone = np.where(y < table, wall + 0.2 * (x - 0.5), 1.0 - wall + 0.25 * (y - table)) + 0.05 * noise(
        rng, shape, shape[0] / 5
    )
    picture = ramp(palette, tone.astype(np.float32))
    for height in np.sort(rng.uniform(table, 0.9, int(rng.integers(4, 8)))).tolist():
        wide = rng.uniform(0.07, 0.17)
        tall = wide * float(rng.choice([1.0, 1.0, 1.8]))
        center = (height - tall * 0.6, rng.uniform(0.1, 0.9))
        shadow, _ = ball(shape, (center[0] + 0.85 * tall, center[1] + 0.6 * wide), (0.3 * wide, 1.5 * wide))
        picture = mix(picture, 0.45 * picture, 0.8 * shadow)
        cover, light = ball(shape, center, (tall, wide))
        own = colors(palette)[rng.integers(len(palette))]
        body = mix(0.35 * own, 0.6 * own + 0.4, light)
        picture = mix(picture, body, cover)
    return picture


def face(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    """Head and shoulders."""
    inks = colors(palette)
    y, _ = unit_places(shape)
    picture = ramp(
        palette, (rng.uniform(0.1, 0.8) + 0.2 * y + 0.07 * fbm(rng, shape, shape[0] / 5, 3)).astype(np.float32)
    )
    middle, turn = rng.uniform(0.4, 0.6), rng.uniform(-0.04, 0.04)
    skin, hair, coat = inks[rng.integers(2, 5)], inks[rng.integers(0, 2)], inks[rng.integers(0, len(inks))]
    for own, center, radii in (
        (hair, (0.42, middle), (0.32, 0.25)),
        (coat, (1.05, middle), (0.32, 0.46)),
        (skin, (0.7, middle), (0.18, 0.09)),
        (skin, (0.45, middle), (0.27, 0.19)),
    ):
        cover, light = ball(shape, center, radii)
        picture = mix(picture, mix(0.5 * own, 0.55 * own + 0.45, light), cover)
    for own, center, radii in (
        (hair, (0.24, middle), (0.11, 0.2)),
        (inks[0], (0.42, middle - 0.075 + turn), (0.022, 0.035)),
        (inks[0], (0.42, middle + 0.075 + turn), (0.022, 0.035)),
        (inks[0], (0.375, middle - 0.075 + turn), (0.009, 0.05)),
        (inks[0], (0.375, middle + 0.075 + turn), (0.009, 0.05)),
        (0.6 * skin, (0.5, middle + turn + 0.015), (0.055, 0.016)),
        (0.6 * inks[2], (0.6, middle + turn), (0.018, 0.055)),
    ):
        cover, _ = ball(shape, center, radii)
        picture = mix(picture, own, cover)
    return picture


def shapes(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    """Discs and polygons, one over another."""
    y, x = unit_places(shape)
    inks = colors(palette)
    picture = ramp(palette, (rng.uniform(0.2, 0.9) + 0.15 * (x - y)).astype(np.float32))
    for number in range(int(rng.integers(7, 14))):
        size = rng.uniform(0.08, 0.34) / (1 + 0.08 * number)
        v, u = y - rng.uniform(0, 1), x - rng.uniform(0, 1)
        corners, turn = int(rng.integers(2, 7)), rng.uniform(0, 6.28)
        around = np.arctan2(v, u) - turn
        # The distance to a regular polygon's side; with two corners, a circle.
        sector = around % (2 * np.pi / corners) - np.pi / corners
        away = np.hypot(v, u) * (np.cos(sector) if corners > 2 else 1)
        own = shaded(inks[rng.integers(len(inks))], 1 + 0.8 * (np.cos(turn) * v + np.sin(turn) * u))
        picture = mix(picture, own.astype(np.float32), 1 - step(away.astype(np.float32), size, 2 / min(shape)))
    return picture


def flowers(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    """Flowers before leaves."""
    y, x = unit_places(shape)
    inks = colors(palette)
    picture = ramp(palette, (rng.uniform(0.05, 0.5) + 0.1 * fbm(rng, shape, shape[0] / 10, 4)).astype(np.float32))
    for number in range(int(rng.integers(6, 13))):
        size = rng.uniform(0.08, 0.2)
        v, u = y - rng.uniform(0, 1), x - rng.uniform(0, 1)
        petals = int(rng.integers(4, 9))
        around, away = np.arctan2(v, u), np.hypot(v, u) / size
        wave = np.cos(petals * (around + number))
        own = shaded(inks[rng.integers(2, len(inks))], 0.65 + 0.35 * np.clip(away + 0.2 * wave, 0, 1))
        picture = mix(picture, own.astype(np.float32), 1 - step(away.astype(np.float32), 0.8 + 0.2 * wave, 0.03 / size))
        picture = mix(picture, inks[(number % 2) * -1], 1 - step(away.astype(np.float32), 0.24, 0.03 / size))
    return picture
