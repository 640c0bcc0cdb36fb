"""Blurs: a lens out of focus, frosted glass, a camera or a lens that moves."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.corruptions.planes import (
    Corruption,
    Plane,
    convolved,
    sampled,
    scale,
    smooth,
    streaked,
    zoomed,
)

#: Radius of the disk, and deviation of what softens its rim.
_DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
#: Deviation of a blur before and after, the farthest that a pixel goes, how often.
_GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
#: Length, deviation.
_MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
#: The largest zoom, and the step to it.
_ZOOM = ((1.10, 0.01), (1.15, 0.01), (1.20, 0.02), (1.25, 0.02), (1.30, 0.03))


def defocus(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Each point becomes a disk."""
    del rng
    radius, alias = (value * scale(image) for value in _DEFOCUS[severity])
    reach = int(np.ceil(radius + 0.5))
    across = np.arange(-reach, reach + 1)
    distance = np.hypot(across[:, None], across[None, :])
    return convolved(image, smooth(np.clip(radius + 0.5 - distance, 0, 1), alias))


def glass(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Each pixel takes the color of one near it, between two blurs."""
    sigma, farthest, times = _GLASS[severity]
    scattered = smooth(image, sigma * scale(image))
    rows, columns = (axis.astype(np.float64) for axis in np.indices(image.shape[:2]))
    for _ in range(times):
        down, across = rng.integers(-farthest, farthest, (2, *rows.shape), endpoint=True) * scale(image)
        scattered = sampled(scattered, rows + down, columns + across)
    return smooth(scattered, sigma * scale(image))


def motion(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """The camera moves in some direction."""
    radius, sigma = (value * scale(image) for value in _MOTION[severity])
    return streaked(image, radius, sigma, float(rng.uniform(-45, 45)))


def zoom(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """The camera moves ahead."""
    del rng
    largest, step = _ZOOM[severity]
    factors = np.arange(1, largest + step / 2, step)
    return (image + sum(zoomed(image, float(factor)) for factor in factors)) / (len(factors) + 1)


KINDS: dict[str, Corruption] = {
    "defocus blur": defocus,
    "glass blur": glass,
    "motion blur": motion,
    "zoom blur": zoom,
}
