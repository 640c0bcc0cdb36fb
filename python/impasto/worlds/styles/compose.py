"""Pictures for painters to paint when they are given none: landscapes, still lives, faces, towns, shapes, clouds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from impasto.worlds.streams import pick
from impasto.worlds.styles.fields import Shape, Values, fbm, level, noise, places, step
from impasto.worlds.styles.palette import Palette, colours, mix, ramp
from impasto.worlds.styles.raster import resized


def compose(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    """A picture in the colours of a palette.

    Args:
        palette: From dark to light.
        shape: Height and width.
        rng: Its stream.

    Returns:
        [H, W, 3] float32, RGB from 0 to 1.
    """
    side = min(max(max(shape) // 2, 128), 512)  # painters blur more than this loses
    small = (side, side)
    picture = pick(rng, _KINDS)(palette, small, rng)
    drift = np.stack([noise(rng, small, side / 6) for _ in range(3)], axis=-1)
    return resized(np.clip(picture + 0.025 * drift, 0, 1), shape)


def _unit(shape: Shape) -> tuple[Values, Values]:
    """Rows and columns from 0 to 1: [H, 1] and [1, W]."""
    y, x = places(shape)
    return y / shape[0], x / shape[1]


def _ball(shape: Shape, centre: tuple[float, float], radii: tuple[float, float]) -> tuple[Values, Values]:
    """An ellipse's cover and how much light falls on it if it is round: two [H, W] float32."""
    y, x = _unit(shape)
    v, u = (y - centre[0]) / radii[0], (x - centre[1]) / radii[1]
    away = np.hypot(v, u).astype(np.float32)
    light = np.clip(0.55 - 0.45 * v - 0.4 * u - 0.25 * away**2, 0, 1).astype(np.float32)
    return 1 - step(away, 1.0, 2 / (min(radii) * min(shape))), light


def _landscape(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    y, x = _unit(shape)
    horizon = rng.uniform(0.35, 0.65)
    cloud = fbm(rng, shape, (shape[0] / 9, shape[1] / 3), 4)
    picture = ramp(palette, 0.62 + 0.3 * y / horizon + 0.09 * cloud)
    sun, _ = _ball(
        shape, (rng.uniform(0.1, horizon), rng.uniform(0.1, 0.9)), (radius := rng.uniform(0.04, 0.12), radius)
    )
    picture = mix(picture, colours(palette)[-1], sun)
    ridges = int(rng.integers(3, 6))
    for ridge in range(ridges):
        near = (ridge + 1) / ridges
        rough = noise(rng, (1, shape[1]), (1, shape[1] / (2 + 3 * near))) + 0.3 * noise(
            rng, (1, shape[1]), (1, shape[1] / 18)
        )
        edge = horizon + (1 - horizon) * near * 0.75 - 0.1 + 0.06 * rough
        cover = step(np.broadcast_to(y, shape), edge, 2 / shape[0])
        ground = noise(rng, shape, (shape[0] / 24, shape[1] / 8))
        tone = rng.uniform(0.12, 0.75) * (1.1 - 0.5 * near) + 0.07 * ground + 0.25 * (y - edge)
        picture = mix(picture, ramp(palette, tone.astype(np.float32)), cover)
    return picture + 0 * x[..., None]


def _still(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    y, x = _unit(shape)
    table = rng.uniform(0.5, 0.65)
    wall = rng.uniform(0.3, 0.8)
    tone = np.where(y < table, wall + 0.2 * (x - 0.5), 1.0 - wall + 0.25 * (y - table)) + 0.05 * noise(
        rng, shape, shape[0] / 5
    )
    picture = ramp(palette, tone.astype(np.float32))
    for height in np.sort(rng.uniform(table, 0.9, int(rng.integers(4, 8)))).tolist():
        wide = rng.uniform(0.07, 0.17)
        tall = wide * float(rng.choice([1.0, 1.0, 1.8]))
        centre = (height - tall * 0.6, rng.uniform(0.1, 0.9))
        shadow, _ = _ball(shape, (centre[0] + 0.85 * tall, centre[1] + 0.6 * wide), (0.3 * wide, 1.5 * wide))
        picture = mix(picture, 0.45 * picture, 0.8 * shadow)
        cover, light = _ball(shape, centre, (tall, wide))
        own = colours(palette)[rng.integers(len(palette))]
        body = mix(0.35 * own, 0.6 * own + 0.4, light)
        picture = mix(picture, body, cover)
    return picture


def _face(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    inks = colours(palette)
    y, _ = _unit(shape)
    picture = ramp(
        palette, (rng.uniform(0.1, 0.8) + 0.2 * y + 0.07 * fbm(rng, shape, shape[0] / 5, 3)).astype(np.float32)
    )
    middle, turn = rng.uniform(0.4, 0.6), rng.uniform(-0.04, 0.04)
    skin, hair, coat = inks[rng.integers(2, 5)], inks[rng.integers(0, 2)], inks[rng.integers(0, len(inks))]
    for own, centre, radii in (
        (hair, (0.42, middle), (0.32, 0.25)),
        (coat, (1.05, middle), (0.32, 0.46)),
        (skin, (0.7, middle), (0.18, 0.09)),
        (skin, (0.45, middle), (0.27, 0.19)),
    ):
        cover, light = _ball(shape, centre, radii)
        picture = mix(picture, mix(0.5 * own, 0.55 * own + 0.45, light), cover)
    for own, centre, radii in (
        (hair, (0.24, middle), (0.11, 0.2)),
        (inks[0], (0.42, middle - 0.075 + turn), (0.022, 0.035)),
        (inks[0], (0.42, middle + 0.075 + turn), (0.022, 0.035)),
        (inks[0], (0.375, middle - 0.075 + turn), (0.009, 0.05)),
        (inks[0], (0.375, middle + 0.075 + turn), (0.009, 0.05)),
        (0.6 * skin, (0.5, middle + turn + 0.015), (0.055, 0.016)),
        (0.6 * inks[2], (0.6, middle + turn), (0.018, 0.055)),
    ):
        cover, _ = _ball(shape, centre, radii)
        picture = mix(picture, own, cover)
    return picture


def _town(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    height, width = shape
    y, x = _unit(shape)
    picture = ramp(palette, (0.95 - 0.35 * y + 0.06 * fbm(rng, shape, height / 4, 3)).astype(np.float32))
    for row in range(3):
        left = -0.05
        while left < 1:
            wide, top = rng.uniform(0.08, 0.2), rng.uniform(0.12, 0.5) + 0.17 * row
            part = slice(int(top * height), None), slice(max(int(left * width), 0), int((left + wide) * width))
            v, u = y[part[0]] - top, x[:, part[1]] - left
            tone, pane, gable = rng.uniform(0.05, 0.8), int(rng.integers(2)), rng.uniform(-0.6, 0.6)
            front = ramp(palette, np.array([tone], np.float32))[0] * (1.1 - 0.4 * v)[..., None]
            window = (np.floor(u * 60) % 3 == 1) & (np.floor(v * 44) % 3 == 1) & (v > 0.07)
            front = np.where(window[..., None], colours(palette)[-pane], front)
            roof = max(gable, 0) * np.abs(u - wide / 2)
            picture[part] = np.where((v > roof)[..., None], front, picture[part])
            left += wide * rng.uniform(0.8, 1.1)
    return picture


def _shapes(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    y, x = _unit(shape)
    inks = colours(palette)
    picture = ramp(palette, (rng.uniform(0.2, 0.9) + 0.15 * (x - y)).astype(np.float32))
    for number in range(int(rng.integers(7, 14))):
        size = rng.uniform(0.08, 0.34) / (1 + 0.08 * number)
        v, u = y - rng.uniform(0, 1), x - rng.uniform(0, 1)
        corners, turn = int(rng.integers(2, 7)), rng.uniform(0, 6.28)
        around = np.arctan2(v, u) - turn
        # The distance to a regular polygon's side; with two corners, a circle.
        sector = around % (2 * np.pi / corners) - np.pi / corners
        away = np.hypot(v, u) * (np.cos(sector) if corners > 2 else 1)
        own = inks[rng.integers(len(inks))] * (1 + 0.8 * (np.cos(turn) * v + np.sin(turn) * u))[..., None]
        picture = mix(picture, own.astype(np.float32), 1 - step(away.astype(np.float32), size, 2 / min(shape)))
    return picture


def _flowers(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    y, x = _unit(shape)
    inks = colours(palette)
    picture = ramp(palette, (rng.uniform(0.05, 0.5) + 0.1 * fbm(rng, shape, shape[0] / 10, 4)).astype(np.float32))
    for number in range(int(rng.integers(6, 13))):
        size = rng.uniform(0.08, 0.2)
        v, u = y - rng.uniform(0, 1), x - rng.uniform(0, 1)
        petals = int(rng.integers(4, 9))
        around, away = np.arctan2(v, u), np.hypot(v, u) / size
        wave = np.cos(petals * (around + number))
        own = inks[rng.integers(2, len(inks))] * (0.65 + 0.35 * np.clip(away + 0.2 * wave, 0, 1))[..., None]
        picture = mix(picture, own.astype(np.float32), 1 - step(away.astype(np.float32), 0.8 + 0.2 * wave, 0.03 / size))
        picture = mix(picture, inks[(number % 2) * -1], 1 - step(away.astype(np.float32), 0.24, 0.03 / size))
    return picture


def _blobs(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    tone = level(fbm(rng, shape, min(shape) / rng.uniform(2, 5), 4, 0.45), 1.2)
    flat = np.rint(tone * 5) / 5
    return ramp(palette, 0.7 * flat + 0.3 * tone)


_KINDS: tuple[Callable[[Palette, Shape, np.random.Generator], Values], ...] = (
    _landscape,
    _landscape,
    _still,
    _face,
    _town,
    _shapes,
    _flowers,
    _blobs,
)
