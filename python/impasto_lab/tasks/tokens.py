"""What tasks ask of a batch's captions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.batch import Batch
from impasto.checks import require
from impasto.errors import RecipeError
from impasto.ops import pre_caption, pre_question, tokenize
from impasto.recipe import TextRecipe
from impasto_lab.models import Words


def tokens(batch: Batch) -> tuple[Tensor, Tensor]:
    """A batch's ids and mask, [B, L] int64.

    Raises:
        RecipeError: If it has none.
    """
    if batch.input_ids is None or batch.attention_mask is None:
        raise RecipeError("the batch has no tokens; give the recipe a tokenizer")
    return batch.input_ids, batch.attention_mask


def encode(texts: Sequence[str], text: TextRecipe) -> tuple[Tensor, Tensor]:
    """Ids and mask, [N, L] int64, of texts as a recipe cleans and tokenizes them; nothing is drawn.

    Raises:
        RecipeError: If it has no tokenizer of impasto's own.
    """
    if text.resolved is None:
        raise RecipeError("texts are encoded by a recipe with a tokenizer of impasto's own")
    clean = {"caption": pre_caption, "question": pre_question}.get(text.prepare or "")
    prepared = [clean(one, text.max_words) for one in texts] if clean else list(texts)
    made = tokenize(prepared, text.tokenizer, length=text.room)
    return torch.from_numpy(made.input_ids), torch.from_numpy(made.attention_mask)


def closed(input_ids: Tensor, mask: Tensor, end: int) -> tuple[Tensor, Tensor]:
    """Ids and mask [A, L] with an end behind each text; L is that of the longest, and a full row loses its last word.

    Args:
        input_ids: [A, M].
        mask: [A, M], 1 at tokens and 0 at padding.
        end: The id of the end.
    """
    longest = min(int(mask.sum(dim=1).max()) + 1, input_ids.shape[1])
    ids, mask = input_ids[:, :longest].clone(), mask[:, :longest].clone()
    ends = mask.sum(dim=1).clamp(max=longest - 1)
    rows = torch.arange(len(ids), device=ids.device)
    ids[rows, ends], mask[rows, ends] = end, 1
    return ids, mask


def require_vocabulary(words: Words, size: int) -> None:
    """Requires the vocabulary that a model is for.

    Raises:
        RecipeError: If it has another size.
    """
    remedy = f"use vocabulary={words.size} in the model's settings, or the vocab.txt that it was trained with"
    require(words.size == size, f"the vocabulary has {words.size} ids and the model {size}; {remedy}")
