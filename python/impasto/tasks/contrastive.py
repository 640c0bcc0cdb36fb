"""Contrastive training of a dual encoder, and its retrieval on held-out pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from impasto.batch import Batch
from impasto.errors import RecipeError
from impasto.models import DualEncoder
from impasto.tasks.held_out import HeldOut

#: The largest factor of similarities, as in the paper.
LARGEST_SCALE = 100.0


def clip_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """CLIP's symmetric cross-entropy (Radford et al. 2021, figure 3).

    Args:
        images: [B, D] of length 1.
        texts: [B, D] of length 1; row i belongs to image i.
        scale: What similarities are multiplied with, a scalar.

    Returns:
        The mean of both directions' losses, a scalar.
    """
    logits = scale * images @ texts.T  # [B, B]
    own = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


class ContrastiveTask:
    """Trains a dual encoder with CLIP's loss.

    Args:
        model: What is trained.
        held_out: Pairs to evaluate on; None evaluates nothing.
    """

    def __init__(self, model: DualEncoder, held_out: HeldOut | None = None) -> None:
        self.model = model
        self.held_out = held_out

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
        return {"loss": clip_loss(images, texts, scale), "accuracy": hits.float().mean(), "scale": scale}

    def after_step(self) -> None:
        """Keeps the scale of similarities in [1, 100]."""
        with torch.no_grad():
            self.model.logit_scale.clamp_(0.0, math.log(LARGEST_SCALE))

    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out pairs."""
        return self.held_out.retrieval(self.model).as_dict() if self.held_out else {}
