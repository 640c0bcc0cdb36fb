"""What the style networks ask of images, and what to do about images that aren't so."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from impasto.checks import require
from impasto.errors import RecipeError

#: Resizing and half precision may leave [0, 1] by this much.
ROUNDING = 1e-3


def check_form(images: Any, name: str = "images") -> None:
    """Sees that images have a shape and a dtype that can be stylized; reads no pixel.

    Args:
        images: [B, 3, H, W] or [3, H, W], uint8 or floating point.
        name: What messages call them.

    Raises:
        RecipeError: If they are something else; the message says how to get there.
    """
    if not isinstance(images, Tensor):
        raise RecipeError(f"{name} must be a tensor, not {type(images).__name__}; StyleTransform takes PIL images")
    shape = list(images.shape)
    require(images.ndim in (3, 4), f"{name} must be [B, 3, H, W] or [3, H, W], not {shape}")
    channels = images.shape[-3]
    if channels != 3:
        hint = {1: ": repeat grey with .expand(-1, 3, -1, -1)", 4: ": drop the fourth (alpha) with [:, :3]"}
        last = ": move the channels with .movedim(-1, -3)" if images.shape[-1] == 3 else ""
        raise RecipeError(
            f"{name} must have 3 channels (RGB), not {channels}, in {shape}{last or hint.get(channels, '')}"
        )
    require(
        images.is_floating_point() or images.dtype == torch.uint8,
        f"{name} must be floating point in [0, 1], or uint8, not {images.dtype}",
    )


def check_size(images: Tensor, smallest: int, reason: str, name: str = "images") -> None:
    """Sees that images are large enough.

    Args:
        images: [..., H, W].
        smallest: The least height and width.
        reason: Who asks for it, and what else would help.
        name: What messages call them.

    Raises:
        RecipeError: If they are not.
    """
    height, width = images.shape[-2:]
    require(
        min(height, width) >= smallest,
        f"{name} of {height}x{width} pixels are too small: {reason}, at least {smallest}x{smallest}",
    )


def check_range(images: Tensor, name: str = "images") -> None:
    """Sees that values lie in [0, 1]; on a GPU this waits for it.

    Args:
        images: Floating point.
        name: What messages call them.

    Raises:
        RecipeError: If a value is outside, or not finite.
    """
    if images.dtype == torch.uint8 or not images.numel():
        return
    low, high = (float(value) for value in torch.aminmax(images.detach()))
    if low >= -ROUNDING and high <= 1 + ROUNDING:
        return
    where = f"{name} must lie in [0, 1], not in [{low:.4g}, {high:.4g}]"
    if not -torch.inf < low <= high < torch.inf:
        raise RecipeError(f"{where}: some values are not finite")
    if low >= 0 and high > 2:
        raise RecipeError(f"{where}; pass uint8, or divide by 255")
    raise RecipeError(f"{where}; stylize before normalising, and clamp what a resize left outside")
