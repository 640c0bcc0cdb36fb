"""Targets and losses of mixed batches."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from impasto.checks import at_least, choice, probability, require
from impasto.errors import RecipeError
from impasto.plan import MixPlan, Plan, require_here

#: What a mixed pair's partner, which is in the batch too, is to a contrastive loss.
Partners = Literal["negatives", "mask", "soft", "shares"]


def clip_loss(
    images: Tensor,
    texts: Tensor,
    scale: Tensor,
    *,
    plan: MixPlan | Plan | None = None,
    partners: Partners = "negatives",
) -> Tensor:
    """CLIP's symmetric cross-entropy (Radford et al. 2021, figure 3).

    MixGen leaves a mixed row's partner in the batch, where it counts as a negative although it shares ``1 - lam`` of
    the mixed row's image and all of its caption. That is the paper's loss and the default; with the batch's plan it can
    be corrected.

    Args:
        images: [B, D] of length 1.
        texts: [B, D] of length 1; row i belongs to image i.
        scale: What similarities are multiplied with, a scalar.
        plan: ``Batch.plan``, or its mixing plan, ``Batch.plan.mix``.
        partners: What mixed rows and their partners are to each other: ``"negatives"`` as published, left out of the
            sums (``"mask"``), or targets in proportion to what they share (``"soft"``). ``"shares"`` is for mixed
            images with captions of their own (``text="own"``): image i's target is lam of caption i and the rest of its
            partner's, caption j's are the images that show its own in proportion (TiMix, Jiang et al. 2024).

    Returns:
        The mean of both directions' losses, a scalar.

    Raises:
        RecipeError: If partners are to be corrected without a plan, the plan is of another batch, or captions are
            mixed where only images may be.
    """
    logits = scale * images @ texts.T  # [B, B]
    choice("partners", partners, get_args(Partners))
    targets: Tensor = torch.arange(len(logits), device=logits.device)
    backwards = targets
    if partners != "negatives":
        plan = plan.mix if isinstance(plan, Plan) else plan
        if plan is None or len(plan) != len(logits):
            raise RecipeError(f"partners={partners!r} needs the plan of this batch: pass plan=batch.plan")
        overlap = torch.from_numpy(plan.overlap).to(logits)  # [B, B], symmetric
        if partners == "shares":
            if set(plan.words) != {"own"}:
                raise RecipeError("partners='shares' is for captions that are not mixed; use MixGen(text='own')")
            shares = torch.from_numpy(plan.shares_of_images).to(logits)  # [B, B], rows sum to 1
            targets, backwards = shares, (shares / shares.sum(dim=0).clamp(min=1e-12)).T
        elif partners == "mask":
            own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
            logits = logits.masked_fill((overlap > 0) & ~own, float("-inf"))
        else:
            targets = backwards = overlap / overlap.sum(dim=1, keepdim=True)
    return (functional.cross_entropy(logits, targets) + functional.cross_entropy(logits.T, backwards)) / 2


def soft_labels(labels: Tensor, plan: MixPlan | Plan, classes: int, *, smoothing: float = 0.0) -> Tensor:
    """Labels of a mixed batch as targets: lam of the row's own, the rest of its partner's.

    Args:
        labels: ``Batch.labels``: [B] of whole numbers, each in 0..classes-1; or [B, classes] of shares in [0, 1], such
            as 0 and 1 where a sample may be of several classes.
        plan: ``Batch.plan``, or its mixing plan, ``Batch.plan.mix``.
        classes: The number of classes.
        smoothing: The share of each label that is spread over all classes (Szegedy et al. 2016), in [0, 1].

    Returns:
        [B, classes] float32. Rows of [B] sum to 1, and are targets of a cross-entropy; those of [B, classes] sum to as
        much as the two samples' labels do in proportion, and are targets of a binary one for each class.

    Raises:
        RecipeError: If labels are strings or fractions, one is missing (-1) or too large, or there are more or fewer
            than rows or classes.

    Examples:
        >>> import torch
        >>> from impasto import MixGen, plan_at
        >>> plan = plan_at(MixGen(ratio=0.5, lam=0.75, text="own"), batch_size=2)
        >>> soft_labels(torch.tensor([0, 2]), plan, classes=3).tolist()
        [[0.75, 0.0, 0.25], [0.0, 0.0, 1.0]]
    """
    at_least(1, classes=classes)
    probability("smoothing", smoothing)
    require_here(plan.partners)
    own = _shares(labels, len(plan.partners), classes)
    own = own * (1 - smoothing) + own.sum(dim=1, keepdim=True) * smoothing / classes
    lams = torch.from_numpy(plan.lams).to(own.device)[:, None]
    return lams * own + (1 - lams) * own[torch.from_numpy(plan.partners).to(own.device)]


def _shares(labels: object, rows: int, classes: int) -> Tensor:
    """Labels as shares of each class, [rows, classes] float32."""
    if not isinstance(labels, Tensor):
        strings = isinstance(labels, list) and any(isinstance(label, str) for label in labels)
        remedy = "number the classes, and give torch.tensor([names.index(label) for label in labels])"
        raise RecipeError(
            f"labels are strings, which have no place among {classes} classes; {remedy}"
            if strings
            else f"labels must be a tensor [{rows}] or [{rows}, {classes}], such as batch.labels, not {labels!r:.60}"
        )
    fits = labels.shape in ((rows,), (rows, classes))
    require(fits, f"labels must be [{rows}], or [{rows}, {classes}], not {list(labels.shape)}")
    if labels.ndim == 2:
        shares = labels.float()
        within = bool(((shares >= 0) & (shares <= 1)).all())
        require(within, "labels of several classes must lie in [0, 1], as shares of each class: 0 or 1, most often")
        return shares
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    require(
        whole,
        f"labels are {labels.dtype}, and the number of a class is a whole one; give labels.long() if they are, or "
        f"[{rows}, {classes}] for several classes a row (scores to be predicted are no classes: mix them by plan.lams)",
    )
    known = not len(labels) or 0 <= int(labels.min()) <= int(labels.max()) < classes
    require(known, f"labels must lie in 0..{classes - 1}; -1 stands for a sample without one")
    return functional.one_hot(labels.long(), classes).float()
