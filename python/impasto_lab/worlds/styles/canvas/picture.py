"""What painters see in a picture: its light, its edges, the way its lines run, its colours in a palette."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto_lab.worlds.styles.canvas.fields import Values, noise
from impasto_lab.worlds.styles.canvas.filters import blur, slopes
from impasto_lab.worlds.styles.canvas.palette import Palette, colors, ramp

#: Weights of red, green and blue in brightness (ITU-R BT.601, as JPEG and Pillow have them).
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luminance(picture: Values) -> Values:
    """[H, W] float32, from 0 to 1."""
    light: Values = picture @ LUMA
    return light


def stretched(light: Values, low: float = 2.0, high: float = 98.0) -> Values:
    """Light spread so that so many percent are black and so many white."""
    least, most = np.percentile(light[::2, ::2], [low, high])
    spread: Values = np.clip((light - least) / max(float(most - least), 1e-3), 0, 1).astype(np.float32)
    return spread


def recolored(picture: Values, palette: Palette, fidelity: float) -> Values:
    """A picture in the colours of a palette, as light and dark as before.

    Args:
        picture: [H, W, 3] float32, RGB from 0 to 1.
        palette: From dark to light.
        fidelity: How much of the picture's own hues is kept, from 0 to 1.
    """
    light = luminance(picture)
    toned = ramp(palette, stretched(light))
    return np.clip(toned + np.float32(fidelity) * (picture - light[..., None]), 0, 1)


def nearest(picture: Values, palette: Palette) -> npt.NDArray[np.int64]:
    """Which of a palette's colours each pixel is nearest to, [H, W] int64."""
    inks = colors(palette)
    # |p - c|² without |p|², which is the same for every colour.
    nearness = picture @ (2 * inks.T) - (inks**2).sum(axis=1)
    best: npt.NDArray[np.int64] = np.argmax(nearness, axis=-1)
    return best


def run(picture: Values, sigma: float, rng: np.random.Generator, wild: float, cell: float) -> tuple[Values, Values]:
    """The way that lines run: along edges where there are some, along noise elsewhere.

    Args:
        picture: [H, W, 3] float32.
        sigma: Over how many pixels edges are averaged.
        rng: The noise's stream.
        wild: How much the noise counts; at 1 an edge of middling strength is as strong.
        cell: How many pixels one bend of the noise takes.

    Returns:
        The angle from the x axis in radians, up to half a turn, and how strong the edges are there, from 0 to 1: two
        [H, W] float32.
    """
    down, across = slopes(blur(luminance(picture), max(0.4 * sigma, 0.6)))
    even = blur(across * across - down * down, sigma)
    odd = blur(2 * across * down, sigma)
    strength = np.sqrt(even * even + odd * odd)
    usual = np.float32(strength.mean() + 1e-6)
    turn = np.float32(rng.uniform(0, 2 * np.pi)) + np.float32(1.3) * noise(rng, down.shape, cell)
    # Edges run across their slope: in doubled angles, the opposite way.
    even = wild * np.cos(turn) - even / usual
    odd = wild * np.sin(turn) - odd / usual
    strength = strength / usual
    return np.arctan2(odd, even) / 2, np.clip(strength / 4, 0, 1)


def outlines(picture: Values, sigma: float, sharp: float = 1.0) -> Values:
    """Drawn lines along the dark side of edges, [H, W] float32 from 0 (none) to 1.

    A difference of Gaussians, thresholded softly: `sigma` is about how thick a line is, in pixels.
    """
    light = luminance(picture)
    fine, wide = blur(light, sigma), blur(light, 1.6 * sigma)
    ridge = np.clip((wide - fine) * 14 * sharp - 0.12, 0, 1)
    return ridge * ridge * (3 - 2 * ridge)
