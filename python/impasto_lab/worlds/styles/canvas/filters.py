"""What is done to fields and pictures: blurring, warping, light on a relief."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.styles.canvas.fields import Values, places


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
    total: Values = taps[radius] * values
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
    spread: Values = low + (np.take(values, np.minimum(cell + 1, last), axis=axis) - low) * part
    return spread


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
