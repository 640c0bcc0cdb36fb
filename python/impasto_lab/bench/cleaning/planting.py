"""Copies of pictures as the web makes them: compressed again, scaled, cropped a little, mirrored, brightened."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import PIL.Image

Pixels = npt.NDArray[np.uint8]


def _encoded(pixels: Pixels | PIL.Image.Image, quality: int | None = None) -> bytes:
    """A PNG, or a JPEG of a quality."""
    picture = PIL.Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    file = io.BytesIO()
    picture.save(file, "PNG") if quality is None else picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _scaled(pixels: Pixels, scale: float) -> PIL.Image.Image:
    height, width = pixels.shape[:2]
    picture = PIL.Image.fromarray(pixels)
    return picture.resize((round(width * scale), round(height * scale)), PIL.Image.Resampling.BILINEAR)


def _cropped(pixels: Pixels, share: float) -> Pixels:
    """Cut by a share of its sides, a third of that at the left and at the top."""
    height, width = pixels.shape[:2]
    rows, columns = round(height * share), round(width * share)
    return np.ascontiguousarray(
        pixels[rows // 3 : height - rows + rows // 3, columns // 3 : width - columns + columns // 3]
    )


#: Ways to copy a picture, [H, W, 3] uint8, into another file, by what they are called.
COPIES: dict[str, Callable[[Pixels], bytes]] = {
    "the same file": _encoded,
    "JPEG, quality 50": lambda pixels: _encoded(pixels, 50),
    "JPEG, quality 20": lambda pixels: _encoded(pixels, 20),
    "scaled to half": lambda pixels: _encoded(_scaled(pixels, 0.5)),
    "scaled to 150 %": lambda pixels: _encoded(_scaled(pixels, 1.5)),
    "mirrored": lambda pixels: _encoded(np.ascontiguousarray(pixels[:, ::-1])),
    "brighter by 15 %": lambda pixels: _encoded(np.minimum(pixels * 1.15, 255).astype(np.uint8)),
    "cropped by 4 %": lambda pixels: _encoded(_cropped(pixels, 0.04)),
    "cropped by 8 %": lambda pixels: _encoded(_cropped(pixels, 0.08)),
    "cropped by 4 %, scaled by 0.7, JPEG, quality 60": lambda pixels: _encoded(
        _scaled(_cropped(pixels, 0.04), 0.7), 60
    ),
}
