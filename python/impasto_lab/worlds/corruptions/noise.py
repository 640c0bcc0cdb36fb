"""Noise of a sensor in poor light."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.corruptions.planes import Corruption, Plane

#: Deviations; photons at white; shares of values that are lost.
_GAUSSIAN = (0.08, 0.12, 0.18, 0.26, 0.38)
_SHOT = (60, 25, 12, 5, 3)
_IMPULSE = (0.03, 0.06, 0.09, 0.17, 0.27)


def gaussian(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Noise of the same strength everywhere."""
    return image + rng.normal(0, _GAUSSIAN[severity], image.shape)


def shot(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Photons are counted."""
    photons = _SHOT[severity]
    return rng.poisson(image * photons) / photons


def impulse(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Values are lost: they are 0 or 1."""
    lost = rng.random(image.shape) < _IMPULSE[severity]
    return np.where(lost, rng.integers(0, 2, image.shape), image)


KINDS: dict[str, Corruption] = {"gaussian noise": gaussian, "shot noise": shot, "impulse noise": impulse}
