"""What corruptions have in common: pictures of floats, and lengths that follow the side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

#: [H, W, 3] or [H, W], in [0, 1] if it is a picture.
Plane = npt.NDArray[np.float64]
#: From a picture, a severity from 0 and a stream to a picture, which may leave [0, 1].
Corruption = Callable[[Plane, int, np.random.Generator], Plane]


def scale(image: Plane) -> float:
    """How long a published pixel is here: of pictures of 224 pixels, one."""
    return float(min(image.shape[:2])) / 224


def smooth(image: Plane, sigma: float) -> Plane:
    """An image blurred by a Gaussian of a deviation in pixels, colors by themselves."""
    sigmas = (sigma, sigma, 0.0)[: image.ndim]
    blurred: Plane = ndimage.gaussian_filter(image, sigmas, mode="nearest")
    return blurred


def convolved(image: Plane, kernel: Plane) -> Plane:
    """An image [H, W] or [H, W, 3] under a kernel, whose sum is brought to 1; edges go on."""
    kernel = kernel / kernel.sum()
    shaped = kernel if image.ndim == 2 else kernel[..., None]
    found: Plane = ndimage.convolve(image, shaped, mode="nearest")
    return found


def streaked(image: Plane, radius: float, sigma: float, degrees: float) -> Plane:
    """An image as it moves: each pixel is drawn out on one side, fading as half a Gaussian.

    Args:
        image: [H, W] or [H, W, 3].
        radius: How far, in pixels.
        sigma: The Gaussian's deviation, in pixels.
        degrees: Direction, from the x axis.
    """
    reach = int(np.ceil(radius))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    angle = np.deg2rad(degrees)
    for distance in np.arange(0, radius + 0.25, 0.25):
        x, y = reach + distance * np.cos(angle), reach + distance * np.sin(angle)
        column, row = min(round(float(x)), 2 * reach), min(round(float(y)), 2 * reach)
        kernel[row, column] += np.exp(-(distance**2) / (2 * sigma**2))
    return convolved(image, kernel)


def zoomed(image: Plane, factor: float) -> Plane:
    """The middle of an image, as large as the whole."""
    height, width = image.shape[:2]
    rows = (np.arange(height) - (height - 1) / 2) / factor + (height - 1) / 2
    columns = (np.arange(width) - (width - 1) / 2) / factor + (width - 1) / 2
    return sampled(image, *np.meshgrid(rows, columns, indexing="ij"))


def sampled(image: Plane, rows: Plane, columns: Plane) -> Plane:
    """An image at places [H, W] between its pixels, linearly; edges are mirrored."""
    planes = image[..., None] if image.ndim == 2 else image
    found = [
        ndimage.map_coordinates(planes[..., color], [rows, columns], order=1, mode="reflect")
        for color in range(planes.shape[-1])
    ]
    stacked: Plane = np.stack(found, axis=-1)
    return stacked[..., 0] if image.ndim == 2 else stacked


def clouds(height: int, width: int, decay: float, rng: np.random.Generator) -> Plane:
    """[H, W] in [0, 1]: noise of all sizes, each half as large as the one before and weaker by a factor."""
    total, weight, cells = np.zeros((height, width)), 1.0, 2
    while cells < 2 * max(height, width):
        grid = rng.uniform(-1, 1, (cells + 1, cells + 1))
        places = np.meshgrid(np.linspace(0, cells, height), np.linspace(0, cells, width), indexing="ij")
        total += weight * ndimage.map_coordinates(grid, places, order=1)
        weight, cells = weight / decay, 2 * cells
    spread: Plane = (total - total.min()) / max(float(np.ptp(total)), 1e-12)
    return spread
