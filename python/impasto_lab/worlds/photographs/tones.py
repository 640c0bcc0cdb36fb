"""Ways to develop a photograph, each with words that say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

#: Weights of red, green and blue in brightness (ITU-R BT.601, as JPEG and Pillow have them).
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Tone:
    """One way to develop a photograph.

    Attributes:
        name: Unique.
        develop: From pixels [H, W, 3] uint8 and a random stream to new pixels.
        wordings: Captions for it, with ``{}`` where the photograph's own phrase goes.
        colored: True colours are still seen.
        for_gray: It makes a difference to a photograph without colours.
    """

    name: str
    develop: Callable[[Pixels, np.random.Generator], Pixels]
    wordings: tuple[str, ...]
    colored: bool = True
    for_gray: bool = True


def _natural(pixels: Pixels, _: np.random.Generator) -> Pixels:
    return pixels


def _gray(pixels: Pixels, _: np.random.Generator) -> Pixels:
    return np.repeat(_round(pixels @ _LUMA)[..., None], 3, axis=2)


def _sepia(pixels: Pixels, _: np.random.Generator) -> Pixels:
    level = (pixels @ _LUMA)[..., None] / 255
    shadow, light = np.array([38.0, 22.0, 10.0]), np.array([255.0, 236.0, 200.0])
    return _round(shadow + (light - shadow) * level)


def _dark(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return _round(255 * (pixels / 255) ** rng.uniform(1.3, 1.6) * rng.uniform(0.4, 0.5))


def _bright(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return _round(255 * (pixels / 255) ** rng.uniform(0.55, 0.65) * rng.uniform(1.1, 1.2) + 12)


def _blurred(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Three box blurs, which are nearly a Gaussian one."""
    radius = max(2, round(min(pixels.shape[:2]) * rng.uniform(0.01, 0.014)))
    soft = pixels.astype(np.float64)
    for _ in range(3):
        soft = _box(_box(soft, radius, 0), radius, 1)
    return _round(soft)


def _grainy(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return _round(pixels + rng.normal(0.0, rng.uniform(34, 44), pixels.shape[:2])[..., None])


def _pixelated(pixels: Pixels, _: np.random.Generator) -> Pixels:
    """Every block of pixels becomes its mean."""
    side = max(4, min(pixels.shape[:2]) // 22)
    height, width = (extent - extent % side for extent in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))
    return _round(blocks.repeat(side, axis=0).repeat(side, axis=1))


def _box(values: npt.NDArray[np.float64], radius: int, axis: int) -> npt.NDArray[np.float64]:
    padding = [(radius + 1, radius) if place == axis else (0, 0) for place in range(3)]
    sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis)
    extent = values.shape[axis]
    high = np.take(sums, range(2 * radius + 1, 2 * radius + 1 + extent), axis=axis)
    return (high - np.take(sums, range(extent), axis=axis)) / (2 * radius + 1)


def _round(values: npt.NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


TONES: tuple[Tone, ...] = (
    Tone("natural", _natural, ("{}", "a photo of {}", "a picture of {}")),
    Tone(
        "gray",
        _gray,
        ("a black and white photo of {}", "{}, in black and white", "a monochrome picture of {}", "{}, without colour"),
        colored=False,
        for_gray=False,
    ),
    Tone(
        "sepia",
        _sepia,
        ("an old sepia photo of {}", "{}, in sepia", "a yellowed photo of {}", "{}, toned brown like an old print"),
        colored=False,
    ),
    Tone(
        "dark",
        _dark,
        ("a dark photo of {}", "{}, badly lit", "an underexposed picture of {}", "{}, in very little light"),
    ),
    Tone(
        "bright",
        _bright,
        ("an overexposed photo of {}", "{}, in glaring light", "a washed-out picture of {}", "{}, much too bright"),
    ),
    Tone("blurred", _blurred, ("a blurry photo of {}", "{}, out of focus", "a blurred picture of {}", "{}, unsharp")),
    Tone("grainy", _grainy, ("a grainy photo of {}", "{}, full of noise", "a noisy picture of {}", "{}, with grain")),
    Tone(
        "pixelated",
        _pixelated,
        ("a pixelated photo of {}", "{}, made of coarse squares", "a mosaic of {}", "{}, in very low resolution"),
    ),
)
