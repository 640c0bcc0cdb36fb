"""Pictures that PixMix mixes in: tensors, arrays or a source's samples, cut to an image's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from impasto import _core
from impasto.checks import require
from impasto.errors import RecipeError
from impasto.recipe import ImageRecipe
from impasto.style.randomize.arithmetic import to_unit

#: A tensor [N, 3, h, w]; or a sequence of tensors [3, h, w], arrays [h, w, 3] or a source's samples.
Pictures = Tensor | Sequence[Any]

_LIMITS = ("max_pixels", "max_bytes", "max_scans")


def picture(pictures: Pictures, number: int) -> Tensor:
    """One of the pictures, [3, h, w] float32 in [0, 1].

    Args:
        pictures: As above, floating point in [0, 1] or uint8.
        number: Which.

    Raises:
        RecipeError: If it is none of these.
        ImpastoError: If a sample's image can't be read.
    """
    found = pictures[number]
    encoded = getattr(found, "image", None)
    if isinstance(encoded, bytes):
        limits = {name: getattr(ImageRecipe, name) for name in _LIMITS}
        found = _core.decode(encoded, exif="ignore", truncated="raise", **limits)
    if isinstance(found, np.ndarray):
        require(found.ndim == 3 and found.shape[2] == 3, f"picture {number} must be [h, w, 3], not {list(found.shape)}")
        found = torch.from_numpy(np.ascontiguousarray(found.transpose(2, 0, 1)))
    if not isinstance(found, Tensor):
        raise RecipeError(f"picture {number} is a {type(found).__name__}; give tensors, arrays or a source's samples")
    shape = list(found.shape)
    require(found.ndim == 3 and shape[0] == 3 and 0 not in shape, f"picture {number} must be [3, h, w], not {shape}")
    unit = to_unit(found, torch.float32)
    require(bool(((unit >= -1e-3) & (unit <= 1 + 1e-3)).all()), f"picture {number} must lie in [0, 1], or be uint8")
    return unit


def cut_out(picture: Tensor, height: int, width: int, place: tuple[float, float]) -> Tensor:
    """A part of a picture [3, h, w], enlarged first if it is too small.

    Args:
        picture: Float.
        height: Of the part.
        width: Of the part.
        place: Where it lies, from top and from left, as shares of what there is room for.
    """
    have, wide = picture.shape[-2:]
    factor = max(height / have, width / wide, 1.0)
    if factor > 1:
        size = (max(round(have * factor), height), max(round(wide * factor), width))
        picture = functional.interpolate(picture[None], size=size, mode="bilinear", align_corners=False)[0]
        have, wide = size
    top, left = (round(share * room) for share, room in zip(place, (have - height, wide - width), strict=True))
    return picture[:, top : top + height, left : left + width]
