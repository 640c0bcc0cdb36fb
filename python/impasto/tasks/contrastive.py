"""Contrastive training of a dual encoder, and its retrieval on held-out pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from impasto.batch import Batch
from impasto.errors import RecipeError
from impasto.models import DualEncoder
from impasto.plan import MixPlan
from impasto.tasks.held_out import HeldOut

#: The largest factor of similarities, as in the paper.
LARGEST_SCALE = 100.0

Partners = Literal["negatives", "mask", "soft"]


def clip_loss(
    images: Tensor,
    texts: Tensor,
    scale: Tensor,
    *,
    plan: MixPlan | None = None,
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
        plan: The batch's mixing plan (``batch.plan.mix``).
        partners: What mixed rows and their partners are to each other: ``"negatives"`` as published, left out of the
            sums (``"mask"``), or targets in proportion to what they share (``"soft"``).

    Returns:
        The mean of both directions' losses, a scalar.

    Raises:
        RecipeError: If partners are to be corrected without a plan, or the plan is of another batch.
    """
    logits = scale * images @ texts.T  # [B, B]
    if partners not in ("negatives", "mask", "soft"):
        raise RecipeError(f"partners={partners!r} is not known; use 'negatives', 'mask' or 'soft'")
    targets: Tensor = torch.arange(len(logits), device=logits.device)
    if partners != "negatives":
        if plan is None or len(plan) != len(logits):
            raise RecipeError(f"partners={partners!r} needs the plan of this batch: pass plan=batch.plan.mix")
        overlap = torch.from_numpy(plan.overlap).to(logits)  # [B, B], symmetric
        if partners == "mask":
            own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
            logits = logits.masked_fill((overlap > 0) & ~own, float("-inf"))
        else:
            targets = overlap / overlap.sum(dim=1, keepdim=True)
    return (functional.cross_entropy(logits, targets) + functional.cross_entropy(logits.T, targets)) / 2


class ContrastiveTask:
    """Trains a dual encoder with CLIP's loss.

    Args:
        model: What is trained.
        held_out: Pairs to evaluate on; None evaluates nothing.
        partners: What mixed rows and their partners are to each other; see `clip_loss`.
    """

    def __init__(
        self, model: DualEncoder, held_out: HeldOut | None = None, *, partners: Partners = "negatives"
    ) -> None:
        self.model = model
        self.held_out = held_out
        self.partners: Partners = partners

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch, with the share of images whose own caption is the nearest (``accuracy``).

        Raises:
            RecipeError: If the batch has no tokens.
        """
        if batch.input_ids is None or batch.attention_mask is None:
            raise RecipeError("the batch has no tokens; give the recipe a tokenizer")
        images, texts, scale = self.model(batch.images, batch.input_ids, batch.attention_mask)
        nearest = (images @ texts.T).argmax(dim=1)
        hits = nearest == torch.arange(len(nearest), device=nearest.device)
        loss = clip_loss(images, texts, scale, plan=batch.plan.mix, partners=self.partners)
        return {"loss": loss, "accuracy": hits.float().mean(), "scale": scale}

    def after_step(self) -> None:
        """Keeps the scale of similarities in [1, 100]."""
        with torch.no_grad():
            self.model.logit_scale.clamp_(0.0, math.log(LARGEST_SCALE))

    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out pairs."""
        return self.held_out.retrieval(self.model).as_dict() if self.held_out else {}
