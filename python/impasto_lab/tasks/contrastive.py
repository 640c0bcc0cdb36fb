"""Contrastive training of two towers, and their retrieval on held-out pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Generic, TypeVar

import torch
from torch import Tensor

from impasto.batch import Batch
from impasto.checks import require
from impasto.mixgen import Partners, clip_loss
from impasto_lab.models import Clip, DualEncoder
from impasto_lab.models.gathering import gathered_with_gradients, processes
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.tokens import tokens

#: The largest factor of similarities, as in the paper.
LARGEST_SCALE = 100.0

ModelT = TypeVar("ModelT", bound=DualEncoder | Clip)


class ContrastiveTask(Generic[ModelT]):
    """Trains a CLIP, or a dual encoder, with CLIP's loss; pairs of all processes are each other's negatives.

    Args:
        model: What is trained.
        held_out: Pairs to evaluate on; None evaluates nothing.
        partners: What mixed rows and their partners are to each other; see `clip_loss`.
    """

    def __init__(self, model: ModelT, held_out: HeldOut | None = None, *, partners: Partners = "negatives") -> None:
        self.model = model
        self.held_out = held_out
        self.partners: Partners = partners

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch, with the share of images whose own caption is the nearest (``accuracy``).

        Raises:
            RecipeError: If the batch has no tokens, or partners are to be corrected among several processes.
        """
        images, texts, scale = self.model(batch.images, *tokens(batch))  # [B, D], [B, D], []
        alone = processes() == 1
        require(alone or self.partners == "negatives", f"partners={self.partners!r} needs one process alone")
        images, texts = gathered_with_gradients(images), gathered_with_gradients(texts)
        nearest = (images @ texts.T).argmax(dim=1)  # [B]
        hits = nearest == torch.arange(len(nearest), device=nearest.device)
        loss = clip_loss(images, texts, scale, plan=batch.plan.mix if alone else None, partners=self.partners)
        return {"loss": loss, "accuracy": hits.float().mean(), "scale": scale}

    def after_step(self) -> None:
        """Keeps the scale of similarities in [1, 100]."""
        with torch.no_grad():
            self.model.logit_scale.clamp_(0.0, math.log(LARGEST_SCALE))

    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out pairs."""
        return self.held_out.retrieval(self.model).as_dict() if self.held_out else {}
