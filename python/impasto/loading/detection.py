"""Boxes, masks and maps of labels of a whole batch, gone where the pixels of its images went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from impasto.batch import Batch
from impasto.checks import require
from impasto.loading.follow import follow_boxes, follow_masks
from impasto.plan import Plan, ViewPlan, require_here
from impasto.sources import VOID

#: Facts with an entry a box, besides masks.
_ALONG = ("crowd", "difficult", "truncated")


def targets(batch: Batch, *, visible: float = 0.1, view: int = 0) -> list[dict[str, torch.Tensor]]:
    """What an image of a batch shows and where, as torchvision's detectors take it.

    The batch's loader carries the facts: ``Loader(data, recipe, fields=("boxes", "categories"))``; with ``"masks"``,
    ``"crowd"``, ``"difficult"`` or ``"truncated"`` among them, these too. A mixed row shows its partner's things
    as well, which come after its own.

    Args:
        batch: As the loader gave it, on any device.
        visible: The smallest share of a box's area, in [0, 1], that must be left by the crop; things that have less
            are dropped, from boxes, masks and all.
        view: Which of the batch's views.

    Returns:
        For each of the B rows, of the M things that are left, on the CPU:

        - ``boxes``, float32 [M, 4]: left, top, right, bottom, in pixels of the batch's image, inside of it;
        - ``labels``, int64 [M]: their category's number and 1, since 0 is the ground;
        - ``kept``, int64 [M]: which of the things in the row's facts each is, or in its partner's;
        - ``weights``, float32 [M]: how much of the image each thing's own image is, 1 where nothing is mixed;
        - ``masks``, uint8 [M, H, W], where they were asked for;
        - ``iscrowd``, int64 [M], ``difficult`` and ``truncated``, bool [M], likewise.

    Raises:
        RecipeError: A fact is not in ``fields``, pixels went where nothing follows, or a value makes no sense.
        SourceError: A mask can't be drawn.
    """
    _require_fields(batch, ("boxes", "categories"))
    plan, size = _plan(batch, view), _size(batch, view)
    return [_row(batch, plan, row, size, visible) for row in range(len(batch))]


def label_maps(batch: Batch, *, view: int = 0) -> torch.Tensor:
    """Which class each pixel of a batch's images is of.

    The batch's loader carries the maps: ``Loader(data, recipe, fields=("segmentation",))``.

    Args:
        batch: As the loader gave it, on any device.
        view: Which of the batch's views.

    Returns:
        [B, H, W] int64, on the CPU: 0 for the ground, a category's number and 1, or `impasto.sources.VOID` (255) for
        what counts for nothing, as the rim of a padded image does.

    Raises:
        RecipeError: The maps are not in ``fields``, a row is mixed and has two of them, or pixels went where nothing
            follows.
        SourceError: A map can't be drawn.
    """
    _require_fields(batch, ("segmentation",))
    mixed = np.flatnonzero(batch.plan.mix.mixed)
    remedy = "load without mix=, or take the maps of both rows by follow_masks"
    require(not len(mixed), f"row {mixed[:1].tolist()} is mixed: a pixel has two classes there; {remedy}")
    plan, size = _plan(batch, view), _size(batch, view)
    maps: Any = batch.fields["segmentation"]
    drawn = [follow_masks(one.pixels(), plan, row, size, fill=VOID).astype(np.int64) for row, one in enumerate(maps)]
    return torch.from_numpy(np.stack(drawn))


def _row(
    batch: Batch, plan: Plan | ViewPlan, row: int, size: tuple[int, int], visible: float
) -> dict[str, torch.Tensor]:
    mix = batch.plan.mix
    own = _followed(batch, plan, row, size, visible, weight=float(mix.lams[row]))
    partner = int(mix.partners[row])
    if partner == row:
        return own
    require_here(mix.partners)
    other = _followed(batch, plan, partner, size, visible, weight=1 - float(mix.lams[row]))
    return {name: torch.cat([own[name], other[name]]) for name in own}


def _followed(
    batch: Batch, plan: Plan | ViewPlan, row: int, size: tuple[int, int], visible: float, *, weight: float
) -> dict[str, torch.Tensor]:
    fields = batch.fields
    boxes, kept = follow_boxes(fields["boxes"][row], plan, row, size, visible=visible)
    target = {
        "boxes": torch.from_numpy(boxes).float().reshape(-1, 4),
        "labels": torch.from_numpy(np.asarray(fields["categories"][row])[kept] + 1),
        "kept": torch.from_numpy(kept),
        "weights": torch.full((len(kept),), weight),
    }
    for name in _ALONG:
        if name in fields:
            flags = torch.from_numpy(np.asarray(fields[name][row], np.bool_)[kept])
            target |= {"iscrowd": flags.to(torch.int64)} if name == "crowd" else {name: flags}
    if "masks" in fields:
        masks: Any = fields["masks"][row]
        drawn: npt.NDArray[np.uint8] = masks.pixels()[kept].astype(np.uint8)
        target["masks"] = torch.from_numpy(np.ascontiguousarray(follow_masks(drawn, plan, row, size)))
    return target


def _require_fields(batch: Batch, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in batch.fields]
    wanted = (*batch.fields, *missing)
    require(not missing, f"the batch carries no {missing}; load it with Loader(..., fields={wanted!r})")


def _plan(batch: Batch, view: int) -> Plan | ViewPlan:
    views = len(batch.views)
    require(view in range(views), f"view={view!r} must lie in 0..{views - 1}")
    return batch.plan if view == 0 else batch.plan.views[view]


def _size(batch: Batch, view: int) -> tuple[int, int]:
    shape = batch.views[view].shape
    height, width = shape[1:3] if shape[-1] == 3 and shape[1] != 3 else shape[2:4]
    return int(height), int(width)
