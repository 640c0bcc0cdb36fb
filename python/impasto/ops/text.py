"""Captions to ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.errors import RecipeError
from impasto.recipe import ForeignTokenizer, TextRecipe, Tokenizer, clean_caption


class Tokens(NamedTuple):
    """Framed ids of B captions.

    Attributes:
        input_ids: [B, L] int64.
        attention_mask: [B, L] int64, 1 at tokens and 0 at padding.
        lost: [B] int64: tokens that did not fit.
    """

    input_ids: npt.NDArray[np.int64]
    attention_mask: npt.NDArray[np.int64]
    lost: npt.NDArray[np.int64]


def pre_caption(caption: str, max_words: int = 30) -> str:
    """Cleans a caption as ALBEF and TCL do: lower case, no punctuation, no runs of white space, so many words.

    Args:
        caption: Any string.
        max_words: Words that are left.

    Raises:
        RecipeError: If max_words is less than 1.

    Examples:
        >>> pre_caption("A black-and-white dog, running on the grass!", max_words=5)
        'a black and white dog'
    """
    return _prepare(caption, "caption", max_words)


def pre_question(question: str, max_words: int = 50) -> str:
    """Cleans a question as ALBEF and TCL do: as a caption, but white space inside stays.

    Args:
        question: Any string.
        max_words: Words that are left.

    Raises:
        RecipeError: If max_words is less than 1.

    Examples:
        >>> pre_question("What's on the table?")
        'whats on the table'
    """
    return _prepare(question, "question", max_words)


def _texts(captions: str | Sequence[str]) -> list[str]:
    if not isinstance(captions, str | Sequence):
        raise RecipeError(f"captions must be a string or a list of strings, not {type(captions).__name__}")
    texts = [captions] if isinstance(captions, str) else list(captions)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise RecipeError(f"captions[{row}] is a {type(text).__name__}; each must be a string")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            reason = f"captions[{row}] has a lone surrogate at {error.start}; decode its bytes with errors='replace'"
            raise RecipeError(reason) from None
    return texts


def _prepare(text: str, kind: str, max_words: int) -> str:
    if max_words < 1:
        raise RecipeError(f"max_words={max_words} must be at least 1")
    return _core.prepare(text, kind, max_words)


@lru_cache(maxsize=16)
def _clip(length: int) -> TextRecipe:
    """What most calls ask for: checking it takes longer than twenty captions."""
    return TextRecipe(length=length)


def tokenize(
    captions: str | Sequence[str],
    tokenizer: str | Path | Tokenizer | ForeignTokenizer | Callable[..., Any] | None = "clip",
    *,
    length: int = 77,
) -> Tokens:
    """Tokenises captions, id for id as open_clip (`ClipTokenizer`) or Hugging Face (the others) do.

    Args:
        captions: One caption, or B of them.
        tokenizer: ``"clip"``, a `ClipTokenizer` or a `BertTokenizer`; a ``tokenizer.json``'s path, a `TokenizerFile` or
            a Hugging Face tokenizer, of a kind that runs in Rust.
        length: Ids in a row, L.

    Raises:
        RecipeError: If the length makes no sense.
        VocabularyError: If the vocabulary is missing or damaged.

    Examples:
        >>> tokenize("a photo of a cat").input_ids[0, :7].tolist()
        [49406, 320, 1125, 539, 320, 2368, 49407]
    """
    usual = isinstance(tokenizer, str) and tokenizer == "clip" and type(length) is int
    recipe = _clip(length) if usual else TextRecipe(tokenizer=tokenizer, length=length)
    chosen, texts = recipe.resolved, _texts(captions)
    if chosen is None:
        raise RecipeError(
            f"tokenizer={recipe.tokenizer!r} is none of impasto's; use 'clip', a ClipTokenizer, a BertTokenizer, or a "
            "tokenizer.json of a kind that impasto knows"
        )
    if chosen.clean == "open_clip":
        texts = [clean_caption(text) if _core.needs_cleaning(text) else text for text in texts]
    ids = np.empty((len(texts), length), np.int64)
    mask = np.empty_like(ids)
    parse = chosen.specials == "parse"
    rows = range(len(texts))
    lost = chosen.native.write(texts, rows, ids, mask, pad_id=chosen.pad_id, parse_specials=parse, end=chosen.end)
    return Tokens(ids, mask, lost.astype(np.int64))
