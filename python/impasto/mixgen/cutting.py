"""CutMix: rectangles from one image in another, sharp or blended."""

from __future__ import annotations

import numpy as np
import torch

from impasto.errors import RecipeError
from impasto.ops import mix
from impasto.plan import MixPlan


def cut(images: torch.Tensor, plan: MixPlan) -> torch.Tensor:
    """Fills each row's rectangle with its partner's pixels, or blends both otherwise than around it, out of place.

    Args:
        images: [B, ..., H, W], on any device and of any dtype.
        plan: As from `plan_at` or `Batch.plan.mix`, with ``image="cut"`` or ``"cut_blend"``.

    Returns:
        A new batch of the same kind; `MixPlan.at_size` has the lams that go with it.

    Raises:
        RecipeError: If there are not as many images as rows in the plan, or they are blended and neither uint8 nor
            floating point.

    Examples:
        >>> import torch
        >>> from impasto import CutMix, mixgen
        >>> plan = mixgen.plan_at(CutMix(), batch_size=2, seed=3)
        >>> pasted = cut(torch.arange(2.0).view(2, 1, 1, 1).expand(2, 1, 8, 8), plan)
        >>> bool((pasted[0].mean() - (1 - plan.at_size(8, 8).lams[0])).abs() < 1e-6)
        True
    """
    if images.ndim < 3 or len(images) != len(plan):
        raise RecipeError(f"images must be [B, ..., H, W] with B={len(plan)}, not {list(images.shape)}")
    boxes = plan.boxes(images.shape[-2], images.shape[-1])
    around, within = plan.weights.T
    sharp = plan.is_sharp
    out = images.clone() if sharp else mix(images, plan.partners, around)
    filled = images[torch.from_numpy(plan.partners).to(images.device)] if sharp else mix(images, plan.partners, within)
    for row in np.flatnonzero(plan.mixed).tolist():
        left, top, right, bottom = boxes[row].tolist()
        area = (..., slice(top, bottom), slice(left, right))
        out[row][area] = filled[row][area]
    return out
