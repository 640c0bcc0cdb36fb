"""Scalar fields that textures are made of: smooth noise, blurring, warping, light on a relief."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]
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
    return 1 / (1 + np.exp((float(values.mean()) - values) * np.float32(1.7 * contrast / spread)))


def step(values: Values, edge: float | Values, soft: float | Values = 1.0) -> Values:
    """0 below an edge and 1 above it, with a linear slope `soft` wide: an antialiased threshold."""
    return np.clip((values - edge) / np.maximum(np.float32(1e-6), soft) + np.float32(0.5), 0, 1).astype(np.float32)


def blur(values: Values, sigma: float) -> Values:
    """A Gaussian blur, edges repeated.

    Args:
        values: [H, W] or [H, W, C] float32.
        sigma: In pixels; less than about a seventh of a pixel leaves the values as they are.
    """
    if sigma < 0.15:
        return values
    factor = int(sigma / 1.5)
    if factor < 2:
        return _blur_along(_blur_along(values, sigma, 0), sigma, 1)
    # A wide blur leaves nothing that a smaller picture can't hold.
    small = _blocks(_blocks(values, factor, 0), factor, 1)
    small = _blur_along(_blur_along(small, sigma / factor, 0), sigma / factor, 1)
    return _spread(_spread(small, factor, values.shape[0], 0), factor, values.shape[1], 1)


def _blur_along(values: Values, sigma: float, axis: int) -> Values:
    radius = int(np.ceil(2.6 * sigma))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    padding = [(radius, radius) if place == axis else (0, 0) for place in range(values.ndim)]
    padded = np.pad(values, padding, mode="edge")
    before: tuple[slice, ...] = (slice(None),) * axis
    extent = values.shape[axis]
    total = taps[radius] * values
    for place in range(radius):
        ends = padded[(*before, slice(place, place + extent))]
        mirrored = 2 * radius - place
        total += taps[place] * (ends + padded[(*before, slice(mirrored, mirrored + extent))])
    return total


def _blocks(values: Values, factor: int, axis: int) -> Values:
    """Means of `factor` neighbours; the last ones repeat the edge."""
    missing = -values.shape[axis] % factor
    padding = [(0, missing) if place == axis else (0, 0) for place in range(values.ndim)]
    padded = np.pad(values, padding, mode="edge") if missing else values
    split = (*padded.shape[:axis], -1, factor, *padded.shape[axis + 1 :])
    means: Values = padded.reshape(split).mean(axis=axis + 1, dtype=np.float32)
    return means


def _spread(values: Values, factor: int, extent: int, axis: int) -> Values:
    """The inverse of `_blocks`, linear between the blocks' middles."""
    last = values.shape[axis] - 1
    at = np.clip((np.arange(extent, dtype=np.float32) + 0.5) / factor - 0.5, 0, last)
    cell = np.minimum(at.astype(np.int64), max(last - 1, 0))
    part = (at - cell).reshape([-1 if place == axis else 1 for place in range(values.ndim)]).astype(np.float32)
    low = np.take(values, cell, axis=axis)
    return low + (np.take(values, np.minimum(cell + 1, last), axis=axis) - low) * part


def warp(values: Values, down: Values, across: Values) -> Values:
    """The values found at a displacement from each pixel, between pixels bilinearly; edges repeated.

    Args:
        values: [H, W] or [H, W, C] float32.
        down: [H, W] float32, in pixels.
        across: [H, W] float32, in pixels.
    """
    height, width = values.shape[:2]
    y, x = places((height, width))
    y = np.clip(y + down, 0, height - 1.001)
    x = np.clip(x + across, 0, width - 1.001)
    row, column = y.astype(np.int64), x.astype(np.int64)
    y, x = y - row, x - column
    if values.ndim == 3:
        y, x = y[..., None], x[..., None]
    upper = values[row, column] * (1 - x) + values[row, column + 1] * x
    lower = values[row + 1, column] * (1 - x) + values[row + 1, column + 1] * x
    warped: Values = (upper * (1 - y) + lower * y).astype(np.float32)
    return warped


def slopes(values: Values) -> tuple[Values, Values]:
    """Central differences down and across: two [H, W] float32."""
    padded = np.pad(values, 1, mode="edge")
    return (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2, (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2


def lit(height: Values, angle: float, depth: float) -> tuple[Values, Values]:
    """Light from one side on a relief.

    Args:
        height: [H, W] float32.
        angle: Where the light comes from, in radians.
        depth: How steep the relief is.

    Returns:
        Two [H, W] float32: how much brighter each point is than flat ground (about -0.5 to 0.5), and its gloss, from
        0 to 1.
    """
    down, across = slopes(height * np.float32(depth))
    facing = -(across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle)))
    shade = facing / np.sqrt(1 + down**2 + across**2)
    return 0.5 * shade, np.clip(shade - 0.45, 0, 1) ** 2 * 2
