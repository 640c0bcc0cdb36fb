"""Pixels in pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.recipe import Triple, mean_std

if TYPE_CHECKING:
    import torch


def unnormalize(images: torch.Tensor, normalize: str | tuple[Triple, Triple] | None) -> npt.NDArray[np.uint8]:
    """The pixels of a batch, to look at.

    Args:
        images: [B, 3, H, W] float.
        normalize: As in `ImageRecipe`, with which they were made.

    Returns:
        [B, H, W, 3] uint8.
    """
    resolved = mean_std(normalize) or ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    mean, std = (np.array(triple, np.float32) for triple in resolved)
    values = images.float().cpu().numpy().transpose(0, 2, 3, 1) * std + mean
    pixels: npt.NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return pixels


def contact_png(images: Sequence[npt.NDArray[np.uint8]], *, columns: int = 10, gap: int = 4) -> bytes:
    """Images of one size side by side on white, row by row, as the bytes of a PNG file.

    Args:
        images: [H, W, 3] uint8 each.
        columns: Images in a row.
        gap: Between them, in pixels.
    """
    height, width = images[0].shape[:2]
    rows = -(-len(images) // columns)
    sheet = np.full((rows * (height + gap) - gap, min(columns, len(images)) * (width + gap) - gap, 3), 255, np.uint8)
    for number, image in enumerate(images):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    file = io.BytesIO()
    PIL.Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()
