"""Pretraining of ViLT."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from impasto.batch import Batch
from impasto_lab.metrics.retrieving import retrieval
from impasto_lab.models import Vilt, ViltDraw, Words
from impasto_lab.tasks.held_out import HeldOut
from impasto_lab.tasks.tokens import require_vocabulary, tokens


class ViltPretraining:
    """Trains a ViLT by matching, masked words and word-patch alignment (Kim et al. 2021, section 3.3).

    Args:
        model: What is trained.
        words: The tokenizer's vocabulary.
        held_out: Pairs to evaluate on, every image with every caption; None evaluates nothing.
        seed: Key of masks and wrong images, which are drawn by each batch's id.

    Raises:
        RecipeError: If the vocabulary is not the model's.
    """

    def __init__(self, model: Vilt, words: Words, held_out: HeldOut | None = None, *, seed: int = 0) -> None:
        require_vocabulary(words, model.settings.vocabulary)
        self.model, self.words, self.held_out, self.seed = model, words, held_out, seed

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The losses of a batch.

        Raises:
            RecipeError: If the batch has no tokens, or one pair alone.
        """
        input_ids, attention_mask = tokens(batch)
        draw = ViltDraw.of(input_ids, self.words, seed=self.seed, id=batch.id)
        losses: dict[str, Tensor] = self.model(batch.images, input_ids, attention_mask, draw)
        return {"loss": losses["mlm"] + losses["itm"] + losses["wpa"], **losses}

    def after_step(self) -> None:
        """Nothing is left to do."""

    def evaluate(self) -> dict[str, float]:
        """Retrieval on the held-out pairs, by how well each image matches each caption."""
        if self.held_out is None:
            return {}
        scores = self.held_out.matches(self.model)
        return retrieval(scores.numpy(), self.held_out.image_of.numpy()).as_dict()
