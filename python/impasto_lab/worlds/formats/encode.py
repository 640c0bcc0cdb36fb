"""From pixels to the bytes of a JPEG file."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import PIL.Image


def encode_jpeg(pixels: npt.NDArray[np.uint8], quality: int = 92) -> bytes:
    """Encodes an image as cameras and web sites do: baseline JPEG, colour at half the resolution.

    Args:
        pixels: [H, W, 3] RGB, or [H, W] gray, uint8.
        quality: libjpeg's, from 1 to 100.

    Returns:
        The file's bytes; the same pixels give the same bytes.
    """
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()
