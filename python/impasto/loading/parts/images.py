"""The images of a batch, before there is anything in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from impasto.loading.running.buffers import Buffers
from impasto.loading.running.ring import Ring
from impasto.recipe import ImageRecipe, Recipe

_DTYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "uint8": torch.uint8,
}


def allocate(
    recipe: Recipe, count: int, memory: Buffers | Ring
) -> tuple[list[torch.Tensor], list[npt.NDArray[np.uint8]]]:
    """The images tensor of each view of a batch, and its bytes."""
    flat = [memory.take(count * size) for size in recipe.native.image_bytes]
    return [_shaped(view, count, taken) for view, taken in zip(recipe.views, flat, strict=True)], flat


def _shaped(view: ImageRecipe, count: int, flat: npt.NDArray[np.uint8]) -> torch.Tensor:
    height, width = view.shape
    shape = (count, 3, height, width) if view.layout == "chw" else (count, height, width, 3)
    return torch.from_numpy(flat).view(_DTYPES[view.dtype]).view(shape)
