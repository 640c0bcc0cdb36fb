"""How much of an image is noise, by what its neighbors don't explain."""

import math

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto.ops.images import Image, check_image

#: Deviation, in levels, below which nothing can be seen in an image.
_FLAT = 2.0
#: Side of the squares that are averaged, in pixels.
_BLOCK = 4


def noise_score(image: Image) -> float:
    """Scores how far an image is from showing anything: 0 for a smooth picture, about 1 for snow, 1 for nothing at all.

    It is the smaller of two shares, both of luma: the noise's standard deviation as Immerkaer estimates it (Fast noise
    variance estimation, 1996: the mean absolute value under the difference of two Laplacians, to which edges and slopes
    add little) over the image's own; and what of the variance is gone in means over 4 x 4 pixels, where a picture under
    grain is still seen. Contrast does not matter. Pictures lie below 0.5, as a rule, snow and shuffled pixels above
    0.6; set the limit by the look of what lies above it.

    Args:
        image: [H, W, 3] uint8, of at least 8 x 8 pixels.

    Returns:
        The score, in [0, 1].

    Raises:
        RecipeError: If the image is not so.

    Examples:
        >>> snow = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
        >>> slope = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None, None] * 2, (96, 96, 3))
        >>> round(noise_score(snow), 1), round(noise_score(slope), 1)
        (1.0, 0.0)
    """
    check_image(image)
    height, width = image.shape[:2]
    require(min(height, width) >= 2 * _BLOCK, f"the image has {width} x {height} pixels; the score needs 8 x 8")
    luma: npt.NDArray[np.float32] = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)  # [H, W]
    deviation = float(luma.std())
    if deviation < _FLAT:
        return 1.0
    # The kernel ((1, -2, 1), (-2, 4, -2), (1, -2, 1)) is a second difference down and one across.
    down = luma[:-2] - 2 * luma[1:-1] + luma[2:]
    both = down[:, :-2] - 2 * down[:, 1:-1] + down[:, 2:]
    noise = math.sqrt(math.pi / 2) / 6 * float(np.abs(both).mean())
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = luma[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK).mean(axis=(1, 3))
    # Of white noise, 1 / 16 of the variance is left in the means.
    gone = (1 - float(blocks.var()) / deviation**2) / (1 - 1 / _BLOCK**2)
    return min(noise / deviation, max(gone, 0.0), 1.0)
