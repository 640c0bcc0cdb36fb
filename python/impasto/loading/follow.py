"""Boxes, points and masks that go where the pixels went: through the crop, the resize and the flip of a batch's plan.

All take the row of `Batch.plan` that drew the image. A mixed row shows its partner too, whose annotations follow the
partner's own row: ``plan.partners[row]``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impasto.checks import is_count, is_number, require
from impasto.plan import Plan, ViewPlan

Float = npt.NDArray[np.float64]


class Boxes(NamedTuple):
    """What is left of an image's boxes.

    Attributes:
        boxes: [M, 4] float64: left, top, right, bottom, in pixels of the batch's image, inside of it.
        kept: [M] int64: which of the boxes given these are.
    """

    boxes: Float
    kept: npt.NDArray[np.int64]


class Points(NamedTuple):
    """Where an image's points are.

    Attributes:
        points: [N, 2] float64: x and y, in pixels of the batch's image; outside of it where the crop left them out.
        inside: [N] bool: whether each lies in the image.
    """

    points: Float
    inside: npt.NDArray[np.bool_]


def follow_boxes(
    boxes: npt.ArrayLike, plan: Plan | ViewPlan, row: int, size: tuple[int, int], *, visible: float = 0.1
) -> Boxes:
    """Takes boxes through what was drawn for a row, cut off at the image's sides.

    Args:
        boxes: [N, 4]: left, top, right, bottom, in pixels of the decoded image.
        plan: The batch's, ``batch.plan``, or that of a view, ``batch.plan.views[1]``.
        row: The image's row in the batch.
        size: Height and width of the batch's images.
        visible: The smallest share of a box's area, in [0, 1], that must be left of it; what has less, or nothing at
            all, is dropped.

    Raises:
        RecipeError: If shapes or values make no sense.

    Examples:
        >>> import numpy as np
        >>> from impasto import MixGen, Plan, plan_at
        >>> crop, flip = np.array([[100.0, 0, 200, 200]]), np.array([True])
        >>> plan = Plan(crop, flip, np.zeros(1, np.int64), plan_at(MixGen(ratio=0.0), batch_size=1), [None])
        >>> follow_boxes([[50, 20, 140, 60], [0, 0, 90, 90]], plan, 0, (100, 100))
        Boxes(boxes=array([[ 80.,  10., 100.,  30.]]), kept=array([0]))
    """
    given = _rows(boxes, 4, "boxes")
    require(bool((given[:, 2:] >= given[:, :2]).all()), "boxes must be (left, top, right, bottom), not sizes")
    require(is_number(visible) and 0 <= visible <= 1, f"visible={visible!r} must lie in [0, 1]")
    corners = _moved(given.reshape(-1, 2), plan, row, size).reshape(-1, 2, 2)  # [N, corner, xy]
    low, high = corners.min(axis=1), corners.max(axis=1)  # a flip turns left and right round
    height, width = size
    cut = np.concatenate([low, high], axis=1).clip(0, [width, height, width, height])
    area = (high - low).prod(axis=1)
    left = (cut[:, 2:] - cut[:, :2]).prod(axis=1)
    # A share that is met exactly is met, however it was rounded.
    kept = np.flatnonzero((left > 0) & (left >= visible * area * (1 - 1e-9)))
    return Boxes(cut[kept], kept)


def follow_points(points: npt.ArrayLike, plan: Plan | ViewPlan, row: int, size: tuple[int, int]) -> Points:
    """Takes points through what was drawn for a row.

    Args:
        points: [N, 2]: x and y, in pixels of the decoded image; a pixel's middle lies at half its side.
        plan: The batch's, ``batch.plan``, or that of a view, ``batch.plan.views[1]``.
        row: The image's row in the batch.
        size: Height and width of the batch's images.

    Raises:
        RecipeError: If shapes or values make no sense.
    """
    moved = _moved(_rows(points, 2, "points"), plan, row, size)
    height, width = size
    inside: npt.NDArray[np.bool_] = np.all((moved >= 0) & (moved < [width, height]), axis=1)
    return Points(moved, inside)


def follow_masks(
    masks: npt.NDArray[np.generic], plan: Plan | ViewPlan, row: int, size: tuple[int, int], *, fill: float = 0
) -> npt.NDArray[np.generic]:
    """Takes masks through what was drawn for a row: the nearest pixel, so that labels stay labels.

    Args:
        masks: [..., H, W] of any dtype, of the decoded image's size.
        plan: The batch's, ``batch.plan``, or that of a view, ``batch.plan.views[1]``.
        row: The image's row in the batch.
        size: Height and width of the batch's images.
        fill: What stands around a padded mask (``crop="pad"``).

    Returns:
        [..., height, width] of the same dtype.

    Raises:
        RecipeError: If shapes or values make no sense, or the crop leaves the masks: they are of another image.
    """
    require(isinstance(masks, np.ndarray) and masks.ndim >= 2, "masks must be an array [..., H, W]")
    left, top, crop_width, crop_height, flip = _view(plan, row, size)
    rows, columns = masks.shape[-2:]
    # A padded image's box goes beyond it on both sides alike, but for a pixel of the result.
    beyond = (max(-left, 0.0) + crop_width / size[1], max(-top, 0.0) + crop_height / size[0])
    inside = left + crop_width <= columns + beyond[0] + 1e-6 and top + crop_height <= rows + beyond[1] + 1e-6
    require(inside, f"masks of {columns} x {rows} pixels are smaller than the crop; they are of another image")
    height, width = size
    y = np.floor(top + (np.arange(height) + 0.5) * (crop_height / height)).astype(np.int64)
    x = np.floor(left + (np.arange(width) + 0.5) * (crop_width / width)).astype(np.int64)
    across, down = x.clip(0, columns - 1), y.clip(0, rows - 1)
    moved = masks[..., down[:, None], across]
    moved[..., (y < 0) | (y >= rows), :] = fill
    moved[..., (x < 0) | (x >= columns)] = fill
    return moved[..., ::-1] if flip else moved


#: Operations that move pixels.
_WARPS = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")


def _rows(values: npt.ArrayLike, width: int, name: str) -> Float:
    try:
        rows = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        rows = np.empty(0)
    if rows.size == 0 and rows.ndim <= 2:
        rows = rows.reshape(0, width)
    require(rows.ndim == 2 and rows.shape[1] == width, f"{name} must be numbers [N, {width}]")
    require(bool(np.isfinite(rows).all()), f"{name} have values that are not finite")
    return rows


def _view(plan: Plan | ViewPlan, row: int, size: tuple[int, int]) -> tuple[float, float, float, float, bool]:
    require(is_count(row) and 0 <= row < len(plan.flips), f"row={row!r} must lie in 0..{len(plan.flips) - 1}")
    well_formed = isinstance(size, tuple | list) and len(size) == 2 and all(is_count(s) and s > 0 for s in size)
    require(well_formed, f"size={size!r} must be (height, width) of the batch's images")
    warps = [name for name, _ in (plan.augmentations[row] if plan.augmentations else []) if name in _WARPS]
    require(not warps, f"row {row} was warped by {', '.join(warps)}, which nothing follows; leave such operations out")
    # Where both weigh something, both are seen.
    cut = isinstance(plan, Plan) and bool(np.isin(plan.mix.cuts[row, 3:], (0, 1)).any())
    require(not cut, f"a rectangle of row {row} is its partner's (CutMix), which nothing follows; mix without cutting")
    left, top, width, height = plan.boxes[row].tolist()
    return left, top, width, height, bool(plan.flips[row])


def _moved(points: Float, plan: Plan | ViewPlan, row: int, size: tuple[int, int]) -> Float:
    left, top, width, height, flip = _view(plan, row, size)
    moved = (points - [left, top]) * [size[1] / width, size[0] / height]
    return np.stack([size[1] - moved[:, 0], moved[:, 1]], axis=1) if flip else moved
