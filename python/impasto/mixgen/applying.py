"""Mixing as tensors in and tensors out: `torch.compile` and `torch.export` take it whole. Draw first, outside."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from impasto.errors import RecipeError
from impasto.mixgen.captions import draw_places
from impasto.plan import MixPlan


class MixTensors(NamedTuple):
    """A plan of B rows as tensors, all on one device; a tree of tensors, as `torch.compile` takes them.

    Attributes:
        partners: [B] int64: the row that each row is mixed with, its own number if with none.
        lams: [B] float32: the weight of its own image.
        boxes: [B, 4] int64: left, top, right and bottom of what the partner fills; None where images are blended.
        sources: [B, L] int64: where each id is taken from, as ``row * L + column``, -1 at padding; None without ids.
        lost: [B] int64: tokens that did not fit; None without ids.
        weights: [B, 2] float32: the weights of its own pixels around and within boxes that are blended too; None where
            boxes are the partner's alone.
    """

    partners: Tensor
    lams: Tensor
    boxes: Tensor | None = None
    sources: Tensor | None = None
    lost: Tensor | None = None
    weights: Tensor | None = None


def draw_tensors(
    plan: MixPlan,
    *,
    size: tuple[int, int] | None = None,
    attention_mask: Tensor | None = None,
    end: bool = True,
    balance: bool = False,
    device: torch.device | str | None = None,
) -> MixTensors:
    """What a plan does to images and ids, ready for `apply_images` and `apply_ids`.

    Args:
        plan: As from `plan_at` or `Batch.plan.mix`.
        size: Height and width of the images; needed where they are cut, for lams and boxes.
        attention_mask: [B, L] of the ids to splice; cheapest on the CPU, before the batch is moved.
        end: As in `splice`.
        balance: As in `splice`.
        device: Where the tensors go; the CPU by default.

    Raises:
        RecipeError: If images are cut and no size is given, or the mask doesn't fit.
    """
    boxes = weights = None
    if plan.is_cut:
        if size is None:
            raise RecipeError("this plan cuts images, whose size it must know; pass size=images.shape[-2:]")
        boxes = torch.from_numpy(plan.boxes(*size)).to(device)
        weights = None if plan.is_sharp else torch.from_numpy(plan.weights).to(device)
        plan = plan.at_size(*size)
    partners, lams = (torch.from_numpy(part).to(device) for part in (plan.partners, plan.lams))
    drawn = MixTensors(partners, lams, boxes, weights=weights)
    if attention_mask is None:
        return drawn
    sources, lost = draw_places(attention_mask, plan, end=end, balance=balance)
    return drawn._replace(sources=torch.from_numpy(sources).to(device), lost=torch.from_numpy(lost).to(device))


def apply_images(images: Tensor, drawn: MixTensors) -> Tensor:
    """Blends or cuts the images of a batch, out of place.

    Args:
        images: [B, ..., H, W] float, on the tensors' device.
        drawn: As from `draw_tensors`.

    Returns:
        A new batch of the same kind.
    """
    partners = images.index_select(0, drawn.partners)
    if drawn.boxes is None:
        return torch.lerp(partners, images, drawn.lams.to(images.dtype).view(-1, *[1] * (images.ndim - 1)))
    height, width = images.shape[-2:]
    left, top, right, bottom = drawn.boxes[:, :, None].unbind(dim=1)  # [B, 1] each
    down, across = torch.arange(height, device=images.device), torch.arange(width, device=images.device)
    rows, columns = (top <= down) & (down < bottom), (left <= across) & (across < right)  # [B, H], [B, W]
    inside = rows[:, :, None] & columns[:, None, :]  # [B, H, W]
    inside = inside.view(-1, *[1] * (images.ndim - 3), height, width)
    if drawn.weights is None:
        return torch.where(inside, partners, images)
    around, within = drawn.weights.to(images.dtype).view(-1, 2, *[1] * (images.ndim - 1)).unbind(dim=1)
    return torch.lerp(partners, images, torch.where(inside, within, around))


def apply_ids(ids: Tensor, drawn: MixTensors, *, padding: int = 0) -> Tensor:
    """Splices ids, or what goes along with them, such as token types; the new mask is ``drawn.sources >= 0``.

    Args:
        ids: [B, L], on the tensors' device.
        drawn: As from `draw_tensors`, with an attention mask.
        padding: What is put where there is no token.

    Returns:
        [B, L] of the same dtype.

    Raises:
        RecipeError: If the tensors were drawn without an attention mask.
    """
    if drawn.sources is None:
        raise RecipeError("these tensors were drawn for images alone; pass attention_mask= to draw_tensors")
    return torch.where(drawn.sources >= 0, ids.reshape(-1)[drawn.sources.clamp(min=0)], padding)
