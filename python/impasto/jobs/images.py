"""Images from pixels to files, and down in size."""

from __future__ import annotations

import io
from typing import Any, Literal

import numpy as np

from impasto import ops
from impasto.checks import choice
from impasto.extras import need
from impasto.ops import Image

#: EXIF's tag.
_ORIENTATION = 0x0112
_KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}


def shrink_to(pixels: Image, size: int | None, *, side: Literal["longer", "shorter"] = "longer") -> Image:
    """Scales an image down until a side is at most so long.

    Args:
        pixels: [H, W, 3] uint8.
        size: In pixels; None leaves it as it is.
        side: Which of its sides is measured.

    Returns:
        [H', W', 3] uint8.
    """
    height, width = pixels.shape[:2]
    measured = (max if side == "longer" else min)(height, width)
    if size is None or measured <= size:
        return pixels
    scale = size / measured
    return ops.resize(pixels, (max(round(height * scale), 1), max(round(width * scale), 1)))


def shown_as(header: ops.ImageHeader, exif: Literal["ignore", "apply"]) -> int:
    """The orientation of pixels that were decoded with a choice of ``exif``: the header's, where it wasn't applied."""
    return 1 if exif == "apply" else header.orientation


def encode_image(pixels: Image, format: str = "jpg", quality: int = 95, *, orientation: int = 1) -> bytes:
    """The bytes of an image file.

    Args:
        pixels: [H, W, 3] RGB or [H, W] gray, uint8.
        format: ``"jpg"``, ``"png"`` or ``"webp"``.
        quality: JPEG's and WebP's, from 1 to 100.
        orientation: EXIF's number from 1 to 8; all but 1 are written down.

    Returns:
        The file's bytes; the same pixels give the same bytes, with the same Pillow.

    Raises:
        RecipeError: If the format is not known.
        MissingExtraError: If Pillow is not installed.
    """
    choice("format", format, _KINDS)
    pillow: Any = need("PIL.Image", extra="style")
    file = io.BytesIO()
    options: dict[str, Any] = {} if format == "png" else {"quality": quality}
    if orientation != 1:
        options["exif"] = pillow.Exif()
        options["exif"][_ORIENTATION] = orientation
    pillow.fromarray(np.ascontiguousarray(pixels)).save(file, _KINDS[format], **options)
    return file.getvalue()
