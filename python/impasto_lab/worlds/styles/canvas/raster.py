"""What Pillow draws: between arrays of values from 0 to 1 and its images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageDraw

from impasto_lab.worlds.styles.canvas.fields import Shape, Values


def to_bytes(values: Values) -> npt.NDArray[np.uint8]:
    """From 0 to 1, to uint8; what is outside is clipped."""
    return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)


def to_image(values: Values) -> PIL.Image.Image:
    """A Pillow image, ``"RGB"`` or ``"L"``.

    Args:
        values: [H, W, 3] or [H, W] float32, from 0 to 1.
    """
    return PIL.Image.fromarray(to_bytes(values))


def to_values(image: PIL.Image.Image) -> Values:
    """[H, W, 3] or [H, W] float32, from 0 to 1."""
    return np.asarray(image, np.float32) / np.float32(255)


def blank(shape: Shape, scale: int = 1) -> tuple[PIL.Image.Image, PIL.ImageDraw.ImageDraw]:
    """A black ``"L"`` image, `scale` times as large, and the `ImageDraw` that draws on it."""
    image = PIL.Image.new("L", (shape[1] * scale, shape[0] * scale))
    return image, PIL.ImageDraw.Draw(image)


def resized(values: Values, shape: Shape) -> Values:
    """[h, w, 3] or [h, w] values scaled to a shape, smoothly, in steps of 1/255."""
    if values.shape[:2] == shape:
        return values
    return to_values(to_image(values).resize((shape[1], shape[0]), PIL.Image.Resampling.BICUBIC))


def reduced(image: PIL.Image.Image, scale: int) -> Values:
    """A drawing at its final size: the mean of `scale` by `scale` pixels."""
    return to_values(image.reduce(scale) if scale > 1 else image)
