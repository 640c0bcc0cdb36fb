"""What tasks ask of a batch's captions."""

from __future__ import annotations

from torch import Tensor

from impasto.batch import Batch
from impasto.checks import require
from impasto.errors import RecipeError
from impasto_lab.models import Words


def tokens(batch: Batch) -> tuple[Tensor, Tensor]:
    """A batch's ids and mask, [B, L] int64.

    Raises:
        RecipeError: If it has none.
    """
    if batch.input_ids is None or batch.attention_mask is None:
        raise RecipeError("the batch has no tokens; give the recipe a tokenizer")
    return batch.input_ids, batch.attention_mask


def require_vocabulary(words: Words, size: int) -> None:
    """Requires the vocabulary that a model is for.

    Raises:
        RecipeError: If it has another size.
    """
    remedy = f"use vocabulary={words.size} in the model's settings, or the vocab.txt that it was trained with"
    require(words.size == size, f"the vocabulary has {words.size} ids and the model {size}; {remedy}")
