"""Images as they are given (alone, as views, in a mapping or a loader's batch), as networks ask for them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from impasto.batch import IMAGES, Batch, is_view, mapping_like, view_names
from impasto.checks import require
from impasto.errors import RecipeError
from impasto.style.randomize.check_images import check_form

Views = Tensor | list[Tensor] | tuple[Tensor, ...] | Mapping[str, Any]
_MeanStd = tuple[tuple[float, float, float], tuple[float, float, float]] | None


def views_of(images: Views | Batch) -> list[Tensor]:
    """The views that are given, of the same number of rows.

    Args:
        images: [B, 3, H, W] or one image [3, H, W]; a list or tuple of them; a mapping that names some; or a loader's
            batch.

    Raises:
        RecipeError: If they are no images, of different numbers of rows, or none.
    """
    if isinstance(images, Batch):
        views = in_unit(images)
    elif isinstance(images, Mapping):
        views = [images[name] for name in _pictures(images)]
        hint = "call it on the tensor itself, batch[name]"
        require(len(views) > 0, f"the mapping has none of the images {IMAGES} among {[*images]}; {hint}")
    else:
        views = [*images] if isinstance(images, list | tuple) else [images]
    for view in views:
        check_form(view)
    counts = {count(view) for view in views}
    require(len(counts) == 1, f"views of different batch sizes: {sorted(counts)}" if counts else "there is no view")
    return views


def as_given(images: Views | Batch, changed: list[Tensor], rows: Tensor) -> Any:
    """Changed views in the form of those that were given.

    Args:
        images: What was given.
        changed: Its views, as `views_of` gives them, changed.
        rows: [M] int64: the rows that were; in a batch the others stay as they are, bit for bit.
    """
    if isinstance(images, Batch):
        return with_painted(images, changed, rows) if len(rows) else images
    if isinstance(images, Mapping):
        return mapping_like(images, dict(zip(_pictures(images), changed, strict=True)))
    return type(images)(changed) if isinstance(images, list | tuple) else changed[0]


def count(images: Tensor) -> int:
    """The rows of [B, 3, H, W]; one image [3, H, W] is one."""
    return len(images) if images.ndim == 4 else 1


def layout_of(images: Tensor) -> torch.memory_format:
    """The memory format of images [B, 3, H, W], which what is made of them keeps."""
    last = images.is_contiguous(memory_format=torch.channels_last) and not images.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


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


def _pictures(batch: Mapping[str, Any]) -> list[str]:
    return [name for name in batch if isinstance(name, str) and (name in IMAGES or is_view(name))]


def _is_last(images: Tensor) -> bool:
    return images.ndim == 4 and images.shape[-1] == 3 and images.shape[1] != 3


def _channels_first(images: Tensor) -> Tensor:
    return images.movedim(-1, 1) if _is_last(images) else images


def _laid_as(images: Tensor, new: Tensor) -> Tensor:
    return new.movedim(1, -1).contiguous() if _is_last(images) else new
