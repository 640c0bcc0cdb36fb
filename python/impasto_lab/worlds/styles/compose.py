"""Pictures for painters to paint when they are given none: landscapes, still lives, faces, towns, shapes, clouds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from impasto.streams import pick
from impasto_lab.worlds.styles.canvas.fields import Shape, Values, fbm, level, noise, step
from impasto_lab.worlds.styles.canvas.palette import Palette, colors, mix, ramp, shaded
from impasto_lab.worlds.styles.canvas.raster import resized
from impasto_lab.worlds.styles.canvas.things import ball, face, flowers, shapes, still_life, unit_places


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


def _landscape(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    y, _ = unit_places(shape)
    horizon = rng.uniform(0.35, 0.65)
    cloud = fbm(rng, shape, (shape[0] / 9, shape[1] / 3), 4)
    picture = ramp(palette, 0.62 + 0.3 * y / horizon + 0.09 * cloud)
    sun, _ = ball(
        shape, (rng.uniform(0.1, horizon), rng.uniform(0.1, 0.9)), (radius := rng.uniform(0.04, 0.12), radius)
    )
    picture = mix(picture, colors(palette)[-1], sun)
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
    return picture


def _town(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    height, width = shape
    y, x = unit_places(shape)
    picture = ramp(palette, (0.95 - 0.35 * y + 0.06 * fbm(rng, shape, height / 4, 3)).astype(np.float32))
    for row in range(3):
        left = -0.05
        while left < 1:
            wide, top = rng.uniform(0.08, 0.2), rng.uniform(0.12, 0.5) + 0.17 * row
            part = slice(int(top * height), None), slice(max(int(left * width), 0), int((left + wide) * width))
            v, u = y[part[0]] - top, x[:, part[1]] - left
            tone, pane, gable = rng.uniform(0.05, 0.8), int(rng.integers(2)), rng.uniform(-0.6, 0.6)
            front = shaded(ramp(palette, np.array([tone], np.float32))[0], 1.1 - 0.4 * v)
            window = (np.floor(u * 60) % 3 == 1) & (np.floor(v * 44) % 3 == 1) & (v > 0.07)
            front = np.where(window[..., None], colors(palette)[-pane], front)
            roof = max(gable, 0) * np.abs(u - wide / 2)
            picture[part] = np.where((v > roof)[..., None], front, picture[part])
            left += wide * rng.uniform(0.8, 1.1)
    return picture


def _blobs(palette: Palette, shape: Shape, rng: np.random.Generator) -> Values:
    tone = level(fbm(rng, shape, min(shape) / rng.uniform(2, 5), 4, 0.45), 1.2)
    flat = np.rint(tone * 5) / 5
    return ramp(palette, 0.7 * flat + 0.3 * tone)


_KINDS: tuple[Callable[[Palette, Shape, np.random.Generator], Values], ...] = (
    _landscape,
    _landscape,
    still_life,
    face,
    _town,
    shapes,
    flowers,
    _blobs,
)
