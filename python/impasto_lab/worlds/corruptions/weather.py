"""Weather, and light."""

from __future__ import annotations

import numpy as np

from impasto_lab.worlds.corruptions.planes import Corruption, Plane, clouds, scale, streaked, zoomed

#: Mean and deviation of the flakes' noise, their zoom, their threshold, length and deviation of their way, the
#: picture's own share.
_SNOW = (
    (0.1, 0.3, 3.0, 0.5, 10, 4, 0.8),
    (0.2, 0.3, 2.0, 0.5, 12, 4, 0.7),
    (0.55, 0.3, 4.0, 0.9, 12, 8, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)
#: Shares of the picture and of the ice.
_FROST = ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))
#: Strength, and how much weaker finer clouds are.
_FOG = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))
#: What is added to the brightest channel.
_BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)
#: The color of ice.
_ICE = (0.86, 0.94, 1.0)


def snow(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Flakes that fall, over a paler picture."""
    mean, deviation, size, least, length, sigma, own = _SNOW[severity]
    layer = zoomed(rng.normal(mean, deviation, image.shape[:2]), max(size * scale(image), 1.0))
    layer = np.clip(np.where(layer < least, 0, layer), 0, 1)
    layer = streaked(layer, length * scale(image), sigma * scale(image), float(rng.uniform(-135, -45)))[..., None]
    gray = (image @ np.array([0.299, 0.587, 0.114]))[..., None]
    paler = own * image + (1 - own) * np.maximum(image, gray * 1.5 + 0.5)
    worse: Plane = paler + layer + layer[::-1, ::-1]
    return worse


def frost(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Ice on the lens: needles where clouds have their ridges."""
    own, ice = _FROST[severity]
    height, width = image.shape[:2]
    ridges = 1 - np.abs(2 * clouds(height, width, 1.6, rng) - 1)
    crystals = (0.2 + 0.8 * ridges**2)[..., None] * np.array(_ICE)
    worse: Plane = own * image + ice * crystals
    return worse


def fog(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """Clouds before the picture, which keeps its brightest value."""
    strength, decay = _FOG[severity]
    brightest, (height, width) = float(image.max()), image.shape[:2]
    hazy: Plane = image + strength * clouds(height, width, decay, rng)[..., None]
    return hazy * brightest / (brightest + strength)


def brightness(image: Plane, severity: int, rng: np.random.Generator) -> Plane:
    """More light: HSV's value grows, hue and saturation stay."""
    del rng
    value = image.max(axis=2, keepdims=True)
    brighter = np.minimum(value + _BRIGHTNESS[severity], 1)
    worse: Plane = np.where(value > 0, image * brighter / np.maximum(value, 1e-12), brighter)
    return worse


KINDS: dict[str, Corruption] = {"snow": snow, "frost": frost, "fog": fog, "brightness": brightness}
