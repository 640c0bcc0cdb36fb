"""Scalar fields that textures are made of: places, smooth noise, levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: Most are float32; a float64 that slips in costs time, no more.
Values = npt.NDArray[np.floating[Any]]
Shape = tuple[int, int]


def places(shape: Shape) -> tuple[Values, Values]:
    """Row and column of every pixel: two [H, W] float32 that broadcast, [H, 1] and [1, W]."""
    height, width = shape
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]


def rotated(shape: Shape, angle: float) -> tuple[Values, Values]:
    """Coordinates in pixels along and across a direction, from the middle: two [H, W] float32.

    Args:
        shape: Height and width.
        angle: In radians, from the x axis.
    """
    y, x = places(shape)
    y, x = y - shape[0] / 2, x - shape[1] / 2
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cosine + y * sine, y * cosine - x * sine


def _spline(extent: int, cell: float, offset: float) -> tuple[npt.NDArray[np.int64], Values]:
    """First knot and the four weights [4, extent] of a cubic B-spline, at each pixel."""
    at = np.arange(extent, dtype=np.float32) / np.float32(cell) + np.float32(offset)
    knot = at.astype(np.int64)
    t = at - knot
    u = 1 - t
    weights = np.stack([u**3, 3 * t**3 - 6 * t**2 + 4, 3 * u**3 - 6 * u**2 + 4, t**3]) / 6
    return knot, weights.astype(np.float32)


def noise(rng: np.random.Generator, shape: Shape, cell: float | tuple[float, float]) -> Values:
    """Smooth noise of mean 0 and standard deviation 1.

    Args:
        rng: Its stream.
        shape: Height and width.
        cell: How far apart the random knots lie, in pixels: one distance, or one down and one across.

    Returns:
        [H, W] float32.
    """
    down, across = (max(side, 1.0) for side in (cell if isinstance(cell, tuple) else (cell, cell)))
    offsets = rng.random(2)
    rows, tall = _spline(shape[0], down, offsets[0])
    columns, wide = _spline(shape[1], across, offsets[1])
    knots = rng.standard_normal((int(rows[-1]) + 4, int(columns[-1]) + 4), dtype=np.float32)
    lines = sum(knots[rows + tap] * tall[tap, :, None] for tap in range(4))
    lines = np.ascontiguousarray(np.asarray(lines).T)
    field = sum(lines[columns + tap] * wide[tap, :, None] for tap in range(4))
    # A cubic B-spline's squared weights add up to 0.479 on average in each direction.
    return np.ascontiguousarray(np.asarray(field, np.float32).T) / np.float32(0.479)


def fbm(
    rng: np.random.Generator, shape: Shape, cell: float | tuple[float, float], octaves: int = 4, gain: float = 0.5
) -> Values:
    """Noise of several scales: each octave twice as fine as the one before, and weaker by `gain`.

    Returns:
        [H, W] float32, standard deviation about 1.
    """
    down, across = cell if isinstance(cell, tuple) else (cell, cell)
    total = np.zeros(shape, np.float32)
    power = 0.0
    for octave in range(octaves):
        total += np.float32(gain**octave) * noise(rng, shape, (down / 2**octave, across / 2**octave))
        power += gain ** (2 * octave)
    return total / np.float32(np.sqrt(power))


def level(values: Values, contrast: float = 1.0) -> Values:
    """Values as levels in [0, 1]: a logistic curve through their mean, by their standard deviation."""
    spread = max(float(values.std()), 1e-6)
    levels: Values = 1 / (1 + np.exp((float(values.mean()) - values) * np.float32(1.7 * contrast / spread)))
    return levels


def step(values: Values, edge: float | Values, soft: float | Values = 1.0) -> Values:
    """0 below an edge and 1 above it, with a linear slope `soft` wide: an antialiased threshold."""
    return np.clip((values - edge) / np.maximum(np.float32(1e-6), soft) + np.float32(0.5), 0, 1).astype(np.float32)
