"""Grounding: which of the proposed boxes a heat map points at, and whether that is the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.checks import require

Boxes = npt.NDArray[np.float64]

#: How much of a truth's and a choice's union their intersection must be.
_ENOUGH = 0.5


@dataclass(frozen=True)
class Grounding:
    """What heat maps of N expressions pointed at.

    Attributes:
        chosen: [N] the number of each one's proposal; -1 where its map lies on none of them, which counts as wrong.
        overlaps: [N] intersection over union of proposal and truth, 0 where there is none.
    """

    chosen: npt.NDArray[np.int64]
    overlaps: npt.NDArray[np.float64]

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """[N] whether the overlap is at least a half."""
        return self.overlaps >= _ENOUGH

    @property
    def accuracy(self) -> float:
        """The share of expressions that were found, in per cent."""
        return 100 * float(self.correct.mean())


def find_boxes(
    heat_maps: Sequence[Tensor],
    sizes: Sequence[tuple[int, int]],
    proposals: Sequence[npt.ArrayLike],
    truths: npt.ArrayLike,
    *,
    power: float = 0.5,
) -> Grounding:
    """Chooses a proposal for each expression, as ALBEF (Li et al. 2021) is evaluated on RefCOCO+.

    A map is enlarged to the image (bicubic); a proposal scores the sum of it inside over its area to a power. The
    published code takes the expression before's box where none scores above 0; here that is no box.

    Args:
        heat_maps: N maps [h, w] from `torch`, of any size.
        sizes: Height and width of each one's image, in pixels.
        proposals: For each, boxes [P, 4]: left, top, width, height, in pixels.
        truths: [N, 4] the right boxes, likewise.
        power: Of the area: 0 prefers large boxes, 1 small ones.

    Raises:
        RecipeError: If there are no expressions, shapes don't fit, or a map is not a number.
    """
    right = _boxes(truths, "truths")
    count = len(right)
    require(count > 0, "there are no expressions")
    numbers = len(heat_maps), len(sizes), len(proposals), count
    require(len(set(numbers)) == 1, "{} heat maps, {} sizes, proposals of {}, {} truths".format(*numbers))
    chosen, overlaps = np.full(count, -1, np.int64), np.zeros(count)
    for row, (heat, size) in enumerate(zip(heat_maps, sizes, strict=True)):
        boxes = _boxes(proposals[row], f"proposals[{row}]")
        scores = proposal_scores(heat, size, boxes, power=power)
        require(not np.isnan(scores).any(), f"heat map {row} holds NaN; look at the model, which may have diverged")
        if len(scores) and scores.max() > 0:
            chosen[row] = int(scores.argmax())
            overlaps[row] = box_overlaps(right[row], boxes[chosen[row], None])[0]
    return Grounding(chosen, overlaps)


def proposal_scores(heat: Tensor, size: tuple[int, int], boxes: npt.ArrayLike, *, power: float = 0.5) -> Boxes:
    """How much a map lies within each box.

    Args:
        heat: [h, w].
        size: Height and width of the image, in pixels.
        boxes: [P, 4] left, top, width, height, in pixels; their corners are cut to whole ones.
        power: Of the area that the sum is divided by.

    Returns:
        [P].

    Raises:
        RecipeError: If shapes don't fit, or a box has no area.
    """
    asked = _boxes(boxes, "boxes")
    require(heat.dim() == 2 and heat.numel() > 0, f"a heat map {list(heat.shape)} must be [h, w]")
    flat = asked[(asked[:, 2:] <= 0).any(axis=1)].tolist()
    require(not flat, f"boxes {flat[:1]} have no area; leave them out")
    large = interpolate(heat.detach().cpu().double()[None, None], size=size, mode="bicubic")[0, 0]
    height, width = size
    sums = np.zeros((height + 1, width + 1))  # [y, x]: all that lies above and left of it
    sums[1:, 1:] = large.cumsum(0).cumsum(1).numpy()
    left, top = np.trunc(asked[:, :2]).astype(np.int64).T
    right, bottom = np.trunc(asked[:, :2] + asked[:, 2:]).astype(np.int64).T
    left, right = left.clip(0, width), right.clip(0, width)
    top, bottom = top.clip(0, height), bottom.clip(0, height)
    inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    scores: Boxes = inside / (asked[:, 2] * asked[:, 3]) ** power
    return scores


def box_overlaps(box: npt.ArrayLike, boxes: npt.ArrayLike) -> Boxes:
    """Intersection over union of a box with others.

    Args:
        box: [4] left, top, width, height.
        boxes: [P, 4] likewise.

    Returns:
        [P] in [0, 1].
    """
    one, others = np.asarray(box, np.float64), _boxes(boxes, "boxes")
    begins = np.maximum(one[:2], others[:, :2])
    ends = np.minimum(one[:2] + one[2:], others[:, :2] + others[:, 2:])
    shared = (ends - begins).clip(0).prod(axis=1)
    union = one[2:].prod() + others[:, 2:].prod(axis=1) - shared
    overlaps: Boxes = np.divide(shared, union, out=np.zeros(len(others)), where=union > 0)
    return overlaps


def _boxes(boxes: npt.ArrayLike, name: str) -> Boxes:
    table = np.asarray(boxes, np.float64)
    table = table.reshape(-1, 4) if table.size == 0 else table
    require(table.ndim == 2 and table.shape[1] == 4, f"{name} of shape {list(table.shape)} must be [N, 4]")
    require(bool(np.isfinite(table).all()), f"{name} hold what is no number")
    return table
