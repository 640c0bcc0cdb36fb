"""Position embeddings of patches, for another grid than they were trained on."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from impasto.checks import require


def resized_positions(positions: Tensor, grid: tuple[int, int], *, mode: Literal["bicubic", "bilinear"]) -> Tensor:
    """Position embeddings for a grid of patches; those before the patches' stay as they are.

    Args:
        positions: [1, 1 + S * S, D]: the image's token, then a square of patches, row by row.
        grid: Rows and columns wanted.
        mode: ``"bicubic"`` between pixels' centers, as ALBEF does for its files, or ``"bilinear"`` from corner to
            corner, as ViLT does for each image.

    Returns:
        [1, 1 + rows * columns, D]; the very same where the grid is.

    Raises:
        RecipeError: If the patches are no square.
    """
    count = positions.shape[1] - 1
    side = math.isqrt(count)
    require(side * side == count, f"{count} positions of patches are no square; the model has another layout")
    if grid == (side, side):
        return positions
    square = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)  # [1, D, S, S]
    resized = functional.interpolate(square, size=grid, mode=mode, align_corners=mode == "bilinear")
    return torch.cat([positions[:, :1], resized.flatten(2).transpose(1, 2)], dim=1)
