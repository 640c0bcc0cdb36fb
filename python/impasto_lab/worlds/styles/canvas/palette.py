"""Palettes: a few colours that go together, in one of many moods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto_lab.worlds.styles.canvas.fields import Values

Color = tuple[int, int, int]
Palette = tuple[Color, ...]


@dataclass(frozen=True)
class Mood:
    """What the palettes of a mood share.

    Attributes:
        lightness: Of the darkest and of the lightest colour, from 0 to 1 (OKLab's).
        chroma: Least and most; 0 is gray, 0.3 as vivid as a screen can.
        hues: In degrees; the colours take them in turn.
        base: The range that the angle added to all hues is drawn from; all around by default.
        jitter: How far a colour's hue may be off, in degrees.
        ordered: The first hue is the darkest colour's; otherwise any is.
    """

    lightness: tuple[float, float]
    chroma: tuple[float, float]
    hues: tuple[float, ...] = (0.0,)
    base: tuple[float, float] = (0.0, 360.0)
    jitter: float = 8.0
    ordered: bool = False


MOODS: dict[str, Mood] = {
    "monochrome": Mood((0.22, 0.93), (0.07, 0.15)),
    "complementary": Mood((0.24, 0.9), (0.1, 0.2), (0, 180)),
    "earth": Mood((0.22, 0.82), (0.03, 0.09), (0, 25, 10), (35, 80), 12),
    "neon": Mood((0.14, 0.88), (0.22, 0.32), (0, 90, 200, 290)),
    "pastel": Mood((0.74, 0.96), (0.04, 0.09), (0, 70, 150, 230)),
    "night": Mood((0.08, 0.5), (0.05, 0.13), (0, 20, -25, 150), (235, 290)),
    "black and white": Mood((0.04, 0.98), (0, 0)),
    "primary": Mood((0.2, 0.95), (0.19, 0.27), (264, 29, 145, 100), (0, 0), 5),
    "sepia": Mood((0.2, 0.94), (0.03, 0.06), (0,), (60, 80), 4),
    "triadic": Mood((0.26, 0.88), (0.12, 0.2), (0, 120, 240)),
    "autumn": Mood((0.26, 0.88), (0.1, 0.18), (25, 55, 85, 110, 40), (-8, 8), ordered=True),
    "sea": Mood((0.2, 0.92), (0.05, 0.14), (250, 200, 225, 180), (-12, 12), ordered=True),
    "fog": Mood((0.52, 0.84), (0.006, 0.03), (0, 40)),
    "sunset": Mood((0.2, 0.9), (0.11, 0.2), (300, 345, 20, 50, 85), (-15, 15), ordered=True),
    "forest": Mood((0.16, 0.85), (0.05, 0.14), (150, 125, 110, 135), (-12, 12), ordered=True),
    "candy": Mood((0.52, 0.92), (0.11, 0.2), (0, 160, 310, 90)),
    "split": Mood((0.18, 0.94), (0.08, 0.18), (0, 150, 210)),
    "ice": Mood((0.45, 0.98), (0.02, 0.07), (220, 250, 200, 290), (-15, 15), ordered=True),
}


def draw_palette(mood: Mood, rng: np.random.Generator, count: int = 6) -> Palette:
    """Draws colours of a mood.

    Args:
        mood: Of `MOODS`, or any other.
        rng: Its stream.
        count: How many.

    Returns:
        The colours, RGB from 0 to 255, from dark to light.
    """
    low, high = mood.lightness
    spread = (high - low) / (count - 1)
    lightness = low + spread * (np.arange(count) + rng.uniform(-0.3, 0.3, count) * np.r_[0, np.ones(count - 2), 0])
    chroma = rng.uniform(*mood.chroma, count)
    turn, first = rng.uniform(*mood.base), 0 if mood.ordered else int(rng.integers(len(mood.hues)))
    hues = [mood.hues[(first + place) % len(mood.hues)] + turn for place in range(count)]
    angles = np.deg2rad(hues + rng.uniform(-mood.jitter, mood.jitter, count))
    return tuple(_displayed(*color) for color in zip(lightness, chroma, angles, strict=True))


def _displayed(lightness: float, chroma: float, hue: float) -> Color:
    """The sRGB colour, as vivid as asked or as a screen can."""
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1):
        rgb = _linear(lightness, share * chroma * np.cos(hue), share * chroma * np.sin(hue))
        if rgb.min() > -0.004 and rgb.max() < 1.004:
            break
    rgb = np.clip(rgb, 0, 1)
    encoded = np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(encoded * 255).astype(int).tolist()
    return red, green, blue


def _linear(lightness: float, a: float, b: float) -> npt.NDArray[np.float64]:
    """From OKLab (Ottosson 2020) to linear sRGB."""
    roots = lightness + np.array(
        [[0.3963377774, 0.2158037573], [-0.1055613458, -0.0638541728], [-0.0894841775, -1.291485548]]
    ) @ [a, b]
    return (
        np.array(
            [
                [4.0767416621, -3.3077115913, 0.2309699292],
                [-1.2684380046, 2.6097574011, -0.3413193965],
                [-0.0041960863, -0.7034186147, 1.707614701],
            ]
        )
        @ roots**3
    )


def colors(palette: Palette) -> Values:
    """[n, 3] float32, from 0 to 1."""
    return np.array(palette, np.float32) / 255


def ramp(palette: Palette, levels: Values) -> Values:
    """Colours along a palette, blended between neighbours.

    Args:
        palette: From level 0 to level 1.
        levels: [...] float32; what is outside 0 and 1 takes the end's colour.

    Returns:
        [..., 3] float32, from 0 to 1.
    """
    at = np.linspace(0, len(palette) - 1, 1024)
    table = np.stack([np.interp(at, range(len(palette)), channel) for channel in colors(palette).T], axis=-1)
    return table.astype(np.float32)[np.clip(levels * 1023, 0, 1023).astype(np.int64)]


def mix(low: Values, high: Values, share: Values) -> Values:
    """From one colour or picture, where the share is 0, to another, where it is 1.

    Args:
        low: [3] or [H, W, 3] float32.
        high: Likewise.
        share: [H, W] float32.
    """
    mixed: Values = low + (high - low) * share[..., None]
    return mixed


def shaded(picture: Values, light: Values) -> Values:
    """A picture, or one colour, under more or less light.

    Args:
        picture: [H, W, 3] or [3] float32.
        light: [H, W] float32; 1 leaves it as it is.
    """
    lighter: Values = picture * light[..., None]
    return lighter
