"""Pretraining of ALBEF and TCL."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from impasto.batch import Batch, BatchId
from impasto.checks import at_least, probability, require
from impasto_lab.models import Albef, FusionDraw, Tcl, Words
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.tokens import require_vocabulary, tokens


class FusionPretraining:
    """Trains an ALBEF or a TCL by contrast, matching and masked words, which count alike (Li et al. 2021, equation 5).

    A TCL's recipe makes two views of each image: the model sees the first, its teacher the second.

    Args:
        model: What is trained.
        words: The tokenizer's vocabulary.
        held_out: Pairs to evaluate on; None evaluates nothing.
        alpha: The teacher's weight.
        ramp: Batches, of all processes together, over which that weight grows from 0; the papers' are an epoch.
        seed: Key of masks and negatives, which are drawn by each batch's id.

    Raises:
        RecipeError: If the vocabulary is not the model's, or a value makes no sense.
    """

    def __init__(
        self,
        model: Albef,
        words: Words,
        held_out: HeldOut | None = None,
        *,
        alpha: float = 0.4,
        ramp: int = 0,
        seed: int = 0,
    ) -> None:
        require_vocabulary(words, model.settings.vocabulary)
        probability("alpha", alpha)
        at_least(0, ramp=ramp)
        self.model, self.words, self.held_out = model, words, held_out
        self.alpha, self.ramp, self.seed = alpha, ramp, seed

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The losses of a batch.

        Raises:
            RecipeError: If the batch has no tokens, a TCL's no second view, or the queue another divisor.
        """
        input_ids, attention_mask = tokens(batch)
        twofold = isinstance(self.model, Tcl)
        two = "TCL sees two views of each image; give the recipe image=(first, second)"
        require(not twofold or len(batch.views) > 1, two)
        draw = FusionDraw.of(input_ids, self.words, seed=self.seed, id=batch.id)
        other = batch.views[1] if twofold else None
        alpha = self.weight(batch.id)
        losses = self.model(batch.images, input_ids, attention_mask, draw, alpha=alpha, other_view=other)
        return {"loss": losses["ita"] + losses["itm"] + losses["mlm"], **losses}

    def weight(self, id: BatchId) -> float:
        """The teacher's weight at a batch."""
        return self.alpha * min(1.0, id.number / self.ramp) if self.ramp else self.alpha

    def after_step(self) -> None:
        """The teacher follows."""
        self.model.follow()

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out pairs, by what the towers give."""
        return self.held_out.retrieval(self.model).as_dict() if self.held_out else {}
