"""A loader's batch as the style networks ask for it, and back: in [0, 1], whatever it was normalised with."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.batch import Batch, view_names
from impasto.errors import RecipeError

_MeanStd = tuple[tuple[float, float, float], tuple[float, float, float]] | None


def in_unit(batch: Batch) -> list[Tensor]:
    """The images of each view of a batch.

    Args:
        batch: A loader's, uint8 or floating point, normalised or not, in either layout.

    Returns:
        Of each view [B, 3, H, W], uint8 or in [0, 1].

    Raises:
        RecipeError: If the batch doesn't say how it was normalised.
    """
    views = []
    for images, mean_std in zip(batch.views, _normalizations(batch), strict=True):
        first = _channels_first(images)
        if first.is_floating_point():
            mean, std = _columns(first, mean_std)
            first = (first * std + mean).clamp(0.0, 1.0)  # half precision may leave [0, 1] by its rounding
        views.append(first)
    return views


def with_painted(batch: Batch, painted: list[Tensor], rows: Tensor) -> Batch:
    """The batch with some rows painted; the others stay as they are, bit for bit.

    Args:
        batch: The batch.
        painted: Its images, as `in_unit` gives them, painted.
        rows: [M] int64: the rows that were.
    """
    changed = []
    for images, new, mean_std in zip(batch.views, painted, _normalizations(batch), strict=True):
        place = rows.to(images.device)
        chosen = new.index_select(0, place)
        if chosen.is_floating_point():
            mean, std = _columns(chosen, mean_std)
            chosen = (chosen - mean) / std
        changed.append(_channels_first(images).index_copy(0, place, chosen.to(images.dtype)))
    laid = [_laid_as(images, new) for images, new in zip(batch.views, changed, strict=True)]
    return batch.changed(images=laid[0], **dict(zip(view_names(len(laid)), laid[1:], strict=True)))


def _normalizations(batch: Batch) -> tuple[_MeanStd, ...]:
    known = batch.mean_stds
    if known is None:
        raise RecipeError(
            "the batch doesn't say how its images were normalised; give it Batch(mean_stds=), or pass images in [0, 1]"
        )
    return known


def _columns(images: Tensor, mean_std: _MeanStd) -> tuple[Tensor, Tensor]:
    mean, std = mean_std or ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    both = torch.tensor((mean, std), dtype=torch.float32, device=images.device)[:, :, None, None]
    return both[0], both[1]


def _is_last(images: Tensor) -> bool:
    return images.ndim == 4 and images.shape[-1] == 3 and images.shape[1] != 3


def _channels_first(images: Tensor) -> Tensor:
    return images.movedim(-1, 1) if _is_last(images) else images


def _laid_as(images: Tensor, new: Tensor) -> Tensor:
    return new.movedim(1, -1).contiguous() if _is_last(images) else new
