"""From a scene to pixels, with smooth edges, soft shadows and a light from above."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto_lab.worlds.scenes.backgrounds import paint
from impasto_lab.worlds.scenes.plan import Scene, Thing
from impasto_lab.worlds.scenes.shapes import distance
from impasto_lab.worlds.scenes.vocabulary import COLORS

Values = npt.NDArray[np.floating[Any]]


def render(scene: Scene, side: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Renders a scene.

    Args:
        scene: What it shows.
        side: Height and width, in pixels.
        rng: The stream of its background.

    Returns:
        [side, side, 3] uint8, RGB.
    """
    canvas = paint(scene.background, side, rng)
    for thing in scene.things:
        _draw(canvas, thing)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def _draw(canvas: Values, thing: Thing) -> None:
    side = len(canvas)
    radius = thing.radius * side
    reach = 1.35 * radius
    left, top = (max(math.floor(center * side - reach), 0) for center in (thing.x, thing.y))
    right, bottom = (min(math.ceil(center * side + reach), side) for center in (thing.x, thing.y))
    # The pixels' centres in the thing's own frame, where it fits the unit circle.
    across = ((np.arange(left, right, dtype=np.float32) + 0.5 - thing.x * side) / radius)[None, :]
    down = ((np.arange(top, bottom, dtype=np.float32) + 0.5 - thing.y * side) / radius)[:, None]
    signed = distance(thing.shape)
    shadow_x, shadow_y = _turned(across - 0.08, down - 0.13, thing.angle)
    x, y = _turned(across, down, thing.angle)

    part = canvas[top:bottom, left:right]
    shadow = 0.42 * _smooth(0.14, -0.14, signed(shadow_x, shadow_y))
    part *= 1 - shadow[..., None]
    edge = signed(x, y)
    alpha = np.clip(0.5 - edge * radius, 0, 1)[..., None]
    part += alpha * (_surface(thing, x, y, edge, down, radius) - part)


def _surface(thing: Thing, x: Values, y: Values, edge: Values, down: Values, radius: float) -> Values:
    """[H, W, 3]: the thing's colour at each point, as if it covered all."""
    base = np.array(COLORS[thing.color], np.float32)
    # The second colour of a pattern is a shade of the first, so that the thing has one colour.
    bright = base.mean() > 150
    other = base * 0.62 if bright else base + (255 - base) * 0.45
    color = base + (other - base) * _pattern(thing.texture, x, y, radius)[..., None]
    light = 1.06 - 0.14 * down
    rim = 1 - 0.28 * _smooth(-0.1, 0.0, edge)
    return color * (light * rim)[..., None]


def _pattern(texture: str, x: Values, y: Values, radius: float) -> Values:
    """How much of the second colour is at each point, 0 to 1."""
    soft = 2.2 / radius
    if texture == "striped":
        return _smooth(-soft, soft, np.sin((x + y) * 8.5) / 8.5)
    if texture == "dotted":
        pitch = 0.42
        cell_x, cell_y = (value / pitch - np.rint(value / pitch) for value in (x, y))
        return _smooth(soft, -soft, np.hypot(cell_x, cell_y) * pitch - 0.12)
    if texture == "checkered":
        return _smooth(-soft, soft, np.sin(x * 7.5) * np.sin(y * 7.5) / 7.5)
    return np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)


def _turned(x: Values, y: Values, angle: float) -> tuple[Values, Values]:
    cos, sin = math.cos(angle), math.sin(angle)
    return cos * x + sin * y, cos * y - sin * x


def _smooth(start: float, end: float, value: Values) -> Values:
    """0 at the start, 1 at the end, smooth between."""
    part = np.clip((value - start) / (end - start), 0, 1)
    smooth: Values = part * part * (3 - 2 * part)
    return smooth
