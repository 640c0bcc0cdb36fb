"""How a picture is taken in another domain: fewer pixels, another light, grain; and shots that show nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import PIL.Image

Pixels = npt.NDArray[np.uint8]

#: At a shift of 1: standard deviation of the grain, in levels, and the most that a channel is brighter or darker.
GRAIN, CAST = 12.0, 0.35


def shifted(pixels: Pixels, shift: float, rng: np.random.Generator) -> Pixels:
    """A picture as another camera takes it.

    Args:
        pixels: [H, W, 3] uint8.
        shift: In [0, 1]: at 0 the picture itself; at 1 half the resolution, a strong cast, grain.
        rng: The picture's stream.

    Returns:
        [H, W, 3] uint8.
    """
    if shift == 0:
        return pixels
    height, width = pixels.shape[:2]
    small = (round(width / (1 + shift)), round(height / (1 + shift)))
    image = PIL.Image.fromarray(pixels).resize(small, PIL.Image.Resampling.BILINEAR)
    blurred = np.asarray(image.resize((width, height), PIL.Image.Resampling.BILINEAR), np.float32)
    cast = 1 + rng.uniform(-CAST, CAST, 3).astype(np.float32) * shift
    grain = rng.normal(0, GRAIN * shift, pixels.shape).astype(np.float32)
    return np.clip(np.rint(blurred * cast + grain), 0, 255).astype(np.uint8)


def spoiled(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """What a picture is when the shot failed: nothing of it can be seen.

    It is, by lot, snow; snow of one channel; pixels of the picture in a random order; or lines of it in one.

    Args:
        pixels: [H, W, 3] uint8.
        rng: The picture's stream.

    Returns:
        [H, W, 3] uint8.
    """
    kind = int(rng.integers(4))
    if kind == 0:
        return rng.integers(0, 256, pixels.shape, dtype=np.uint8)
    if kind == 1:
        gray = rng.normal(128, rng.uniform(25, 70), pixels.shape[:2])
        return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    if kind == 2:
        flat = pixels.reshape(-1, 3)
        return flat[rng.permutation(len(flat))].reshape(pixels.shape)
    return pixels[rng.permutation(len(pixels))][:, rng.permutation(pixels.shape[1])]
