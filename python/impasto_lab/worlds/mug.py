"""A mug on a table: one picture to try things on, rendered by following rays to signed distances."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto.streams import pick, stream

Values = npt.NDArray[np.floating[Any]]

#: Half the mug's height; its radius is 1.
_HALF = 1.08
_COFFEE = 0.84
_TABLE = -_HALF
_LIGHT = np.array([-0.55, 0.72, 0.45], np.float32) / np.float32(math.hypot(0.55, 0.72, 0.45))
_SAMPLES = 2
_GLAZES = ((34, 122, 138), (196, 74, 52), (66, 92, 160), (214, 160, 52), (92, 130, 84), (150, 70, 110))
_CREAM = (238, 230, 212)


def render_mug(size: int = 256, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Renders a glazed mug with coffee on a wooden table: light from the upper left, soft shadow, highlights.

    Args:
        size: Height and width, in pixels.
        seed: Of the glaze's colour, the handle's direction and the wood's grain.

    Returns:
        [size, size, 3] uint8, RGB; the same arguments give the same pixels.

    Raises:
        RecipeError: If the size is below 16.
    """
    require(size >= 16, f"size={size} must be at least 16 pixels")
    rng = stream(seed, "mug")
    scene = _Scene(
        turn=float(rng.uniform(-0.5, 0.35)),
        glaze=np.array(pick(rng, _GLAZES), np.float32) / 255,
        grain=float(rng.uniform(0, 100)),
    )
    fine = size * _SAMPLES
    at = (np.arange(fine, dtype=np.float32) + 0.5) / fine * 2 - 1
    x, y = np.meshgrid(at, -at)
    rays = _unit(np.stack([x * 0.36, y * 0.36, -np.ones_like(x)], axis=-1).reshape(-1, 3))
    # The camera looks at the mug from in front, a little above.
    tilt = np.float32(0.42)
    cos, sin = np.cos(tilt), np.sin(tilt)
    turned = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]], np.float32)
    eye = turned.T @ np.array([0.16, -0.02, 5.4], np.float32)
    linear = scene.shade(np.broadcast_to(eye, rays.shape), rays @ turned)
    pixels = linear.reshape(size, _SAMPLES, size, _SAMPLES, 3).mean(axis=(1, 3))
    encoded = np.clip(pixels, 0, 1) ** np.float32(1 / 2.2)
    image: npt.NDArray[np.uint8] = np.rint(encoded * 255).astype(np.uint8)
    return image


class _Scene:
    """What stands where, and how light falls on it; y goes up."""

    def __init__(self, *, turn: float, glaze: Values, grain: float) -> None:
        self.cos, self.sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
        self.glaze = glaze**2.2
        self.cream = (np.array(_CREAM, np.float32) / 255) ** np.float32(2.2)
        self.grain = np.float32(grain)

    def mug(self, p: Values) -> Values:
        """Distances [N] of points [N, 3] to the mug."""
        y = p[:, 1]
        radius = np.hypot(p[:, 0], p[:, 2])
        outer = _tin(radius - np.float32(0.02) * y, y, 0.93, _HALF - 0.07) - np.float32(0.07)
        inner = _tin(radius, y - np.float32(0.24), 0.82, _HALF) - np.float32(0.04)
        # The handle: a flattened ring, upright, in the direction it is turned to.
        across = p[:, 0] * self.cos + p[:, 2] * self.sin - np.float32(1.04)
        deep = p[:, 2] * self.cos - p[:, 0] * self.sin
        ring = np.hypot(np.hypot(across, y * np.float32(0.86) + np.float32(0.03)) - np.float32(0.52), deep * 0.8)
        body = _blend(outer, ring - np.float32(0.125), np.float32(0.08))
        hollow: Values = -_blend(-body, inner, np.float32(0.04))
        return hollow

    def distance(self, p: Values) -> Values:
        """Distances to the nearest thing: the mug, the coffee in it, the table."""
        radius = np.hypot(p[:, 0], p[:, 2])
        coffee = np.maximum(p[:, 1] - np.float32(_COFFEE), radius - np.float32(0.87))
        solid = np.minimum(self.mug(p), np.maximum(coffee, -p[:, 1]))
        nearest: Values = np.minimum(solid, p[:, 1] - np.float32(_TABLE))
        return nearest

    def shade(self, eyes: Values, rays: Values) -> Values:
        """Light [N, 3] that comes back along rays [N, 3], linear."""
        far = _follow(self.distance, eyes, rays, steps=90, furthest=14.0)
        points = eyes + rays * far[:, None]
        normals = _normals(self.distance, points)
        color, gloss = self._surface(points)
        facing = np.clip(normals @ _LIGHT, 0, 1)
        lit = facing * _shadow(self.distance, points + normals * np.float32(0.02))
        open_to = np.clip(self.distance(points + normals * np.float32(0.3)) / np.float32(0.3), 0, 1)
        ambient = (np.float32(0.2) + np.float32(0.17) * normals[:, 1]) * (np.float32(0.35) + np.float32(0.65) * open_to)
        half = _unit(_LIGHT - rays)
        shine = gloss * lit * np.clip((normals * half).sum(axis=1), 0, 1) ** np.float32(90)
        # Glaze mirrors the room at flat angles: a window's light from above, less from below.
        away = rays - 2 * (rays * normals).sum(axis=1, keepdims=True) * normals
        flat = (1 - np.clip(-(rays * normals).sum(axis=1), 0, 1)) ** 4
        room = np.clip(np.float32(0.35) + np.float32(0.5) * away[:, 1], 0.05, 1) * open_to
        light = color * (ambient + np.float32(0.95) * lit)[:, None]
        light = light + (shine * np.float32(1.6) + gloss * (np.float32(0.03) + np.float32(0.4) * flat) * room)[:, None]
        # Far away the table fades into the wall.
        haze = np.clip((far - np.float32(7)) / np.float32(4.5), 0, 1)[:, None]
        wall = np.array([0.56, 0.55, 0.5], np.float32) * (np.float32(0.75) + rays[:, 1:2])
        blended: Values = light * (1 - haze) + wall * haze
        return blended

    def _surface(self, p: Values) -> tuple[Values, Values]:
        """Colour [N, 3] and gloss [N] at points."""
        radius = np.hypot(p[:, 0], p[:, 2])
        y = p[:, 1]
        inside = (radius < 0.9) & (y > -0.8)
        band = np.abs(y + np.float32(0.5)) < 0.07
        body = np.where((inside | (band & (radius < 1.05)))[:, None], self.cream, self.glaze)
        coffee = inside & (y < _COFFEE + 0.02)
        body = np.where(coffee[:, None], np.array([0.05, 0.018, 0.007], np.float32), body)
        table = y < _TABLE + 0.012
        wavy = p[:, 2] * np.float32(2.2) + np.float32(0.25) * np.sin(p[:, 0] * np.float32(1.3) + self.grain)
        rings = np.sin(wavy * 7 + 2 * np.sin(p[:, 0] * np.float32(0.7) + wavy + self.grain))
        fibres = np.sin(p[:, 0] * 3 + self.grain) * np.sin(p[:, 2] * 90 + self.grain)
        seam = np.abs(wavy / 2 - np.rint(wavy / 2)) < 0.012
        level = np.float32(0.5) + np.float32(0.22) * rings + np.float32(0.1) * fibres - np.float32(0.5) * seam
        dark, bright = np.array([0.16, 0.07, 0.025], np.float32), np.array([0.46, 0.25, 0.11], np.float32)
        wood = dark + (bright - dark) * np.clip(level, 0, 1)[:, None]
        color = np.where(table[:, None], wood, body).astype(np.float32)
        return color, np.where(table, np.float32(0.06), np.float32(1.0)).astype(np.float32)


def _tin(radius: Values, y: Values, width: float, height: float) -> Values:
    """Distances to an upright cylinder, from points' distances to its axis and their heights."""
    across, up = radius - np.float32(width), np.abs(y) - np.float32(height)
    distance: Values = np.hypot(np.maximum(across, 0), np.maximum(up, 0)) + np.minimum(np.maximum(across, up), 0)
    return distance


def _blend(one: Values, other: Values, width: np.float32) -> Values:
    """The union of two shapes, with a fillet where they meet."""
    near = np.clip(width - np.abs(one - other), 0, None) / width
    union: Values = np.minimum(one, other) - near * near * width / 4
    return union


def _follow(distance: Callable[[Values], Values], starts: Values, rays: Values, steps: int, furthest: float) -> Values:
    """How far [N] each ray goes until it meets something: as far at a time as nothing can be nearer."""
    far = np.zeros(len(rays), np.float32)
    going = np.arange(len(rays))
    for _ in range(steps):
        step = distance(starts[going] + rays[going] * far[going, None])
        far[going] += step * np.float32(0.9)
        going = going[(step > 0.001) & (far[going] < furthest)]
    return far


def _normals(distance: Callable[[Values], Values], points: Values) -> Values:
    step = np.float32(0.002)
    slopes = [distance(points + axis) - distance(points - axis) for axis in np.eye(3, dtype=np.float32) * step]
    return _unit(np.stack(slopes, axis=-1))


def _shadow(distance: Callable[[Values], Values], points: Values) -> Values:
    """Share [N] of the light that reaches points: rays that pass near something get less."""
    share = np.ones(len(points), np.float32)
    far = np.full(len(points), 0.03, np.float32)
    going = np.arange(len(points))
    for _ in range(48):
        near = distance(points[going] + _LIGHT * far[going, None])
        share[going] = np.minimum(share[going], np.clip(near * np.float32(9) / far[going], 0, 1))
        far[going] += np.clip(near, 0.02, 0.35)
        going = going[(share[going] > 0.004) & (far[going] < 5)]
    smooth: Values = share * share * (3 - 2 * share)
    return smooth


def _unit(vectors: npt.NDArray[Any]) -> Values:
    unit: Values = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-6)).astype(np.float32)
    return unit
