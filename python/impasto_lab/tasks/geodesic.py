"""Contrastive training with mixtures of embeddings as further negatives."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from impasto.batch import Batch
from impasto.checks import require
from impasto.mixgen import clip_loss
from impasto.streams import stream
from impasto_lab.models import DualEncoder
from impasto_lab.models.gathering import processes
from impasto_lab.models.losses import m2_mix_loss
from impasto_lab.tasks.contrastive import ContrastiveTask
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.tokens import tokens


class GeodesicTask(ContrastiveTask[DualEncoder]):
    """Trains a dual encoder with CLIP's loss and m2-Mix (Oh et al. 2023), on one process.

    Args:
        model: What is trained.
        held_out: Pairs to evaluate on; None evaluates nothing.
        weight: Of m2-Mix, beside CLIP's own loss.
        alpha: The weight of images in mixtures is drawn from Beta(alpha, alpha), for each batch.
        seed: Key of what is drawn.

    Raises:
        RecipeError: If a value makes no sense.
    """

    def __init__(
        self,
        model: DualEncoder,
        held_out: HeldOut | None = None,
        *,
        weight: float = 1.0,
        alpha: float = 0.5,
        seed: int = 0,
    ) -> None:
        require(weight >= 0, f"weight={weight!r} must not be negative")
        require(alpha > 0, f"alpha={alpha!r} must be positive")
        super().__init__(model, held_out)
        self.weight, self.alpha, self.seed = weight, alpha, seed

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The sum of both losses, and m2-Mix's share of it (``m2-mix``).

        Raises:
            RecipeError: If the batch has no tokens, or there are several processes.
        """
        require(processes() == 1, "m2-Mix takes its negatives from one process's batch; run it on one")
        images, texts, scale = self.model(batch.images, *tokens(batch))  # [B, D], [B, D], []
        lam = float(stream(self.seed, "m2-mix", batch.id.epoch, batch.id.step).beta(self.alpha, self.alpha))
        mixed = self.weight * m2_mix_loss(images, texts, scale, lam)
        return {"loss": clip_loss(images, texts, scale) + mixed, "m2-mix": mixed, "scale": scale}
