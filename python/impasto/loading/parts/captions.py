"""Captions that are not drawn: the first of each sample, or all of them, flat, as retrieval is evaluated on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from impasto import _core
from impasto.errors import CaptionError
from impasto.ops import tokenize
from impasto.recipe import TextRecipe
from impasto.sources import GatheredSource, Source


class AllCaptions(NamedTuple):
    """All captions of B samples, one after another: C in all.

    Attributes:
        captions: C strings.
        caption_rows: [C] int64: the row of the batch that each belongs to.
        input_ids: [C, L] int64, or None without a tokenizer.
        attention_mask: [C, L] int64, or None without a tokenizer.
        lost: [C] int32: tokens that did not fit, or None where that is not known.
    """

    captions: list[str]
    caption_rows: torch.Tensor
    input_ids: torch.Tensor | None
    attention_mask: torch.Tensor | None
    lost: torch.Tensor | None


def usable_captions(data: Source, sample: int, text: TextRecipe) -> list[str]:
    """A sample's captions in their order, prepared as the recipe says; those that a batch would not take are left out.

    Raises:
        CaptionError: If none is left.
    """
    facts = data.facts(sample)
    if "captions" not in facts and isinstance(data, GatheredSource):
        facts = {"captions": data.gather([sample]).captions(0)}
    captions: list[str] = [caption for caption in facts.get("captions", ()) if _fits(caption, text)]
    if text.prepare is not None:
        captions = [_core.prepare(caption, text.prepare, text.max_words) for caption in captions]
        captions = [caption for caption in captions if caption.strip()]
    if not captions:
        raise CaptionError("the sample has no caption that can be used; give it one", key=data.key(sample))
    return captions


def all_captions(data: Source, samples: Sequence[int], text: TextRecipe) -> AllCaptions:
    """All captions of samples, tokenised as the recipe says.

    Args:
        data: The source.
        samples: B numbers of samples.
        text: The recipe.

    Raises:
        CaptionError: If a sample has none.
    """
    own = [usable_captions(data, sample, text) for sample in samples]
    flat = [caption for captions in own for caption in captions]
    rows = torch.from_numpy(np.repeat(np.arange(len(own)), [len(captions) for captions in own]))
    if text.foreign is not None:
        ids, mask, lost = text.foreign.encode(flat, text.length)
        told = None if lost is None else torch.from_numpy(lost)
        return AllCaptions(flat, rows, torch.from_numpy(ids), torch.from_numpy(mask), told)
    if text.resolved is None:
        return AllCaptions(flat, rows, None, None, None)
    tokens = tokenize(flat, text.tokenizer, length=text.room)
    own_ids, own_mask, own_lost = (torch.from_numpy(part) for part in tokens)
    return AllCaptions(flat, rows, own_ids, own_mask, own_lost.to(torch.int32))


def _fits(caption: str, text: TextRecipe) -> bool:
    return bool(caption.strip()) and len(caption.encode("utf-8", "surrogatepass")) <= text.max_bytes
