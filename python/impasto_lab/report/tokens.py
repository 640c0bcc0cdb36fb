"""Which words became which ids."""

from __future__ import annotations

from typing import NamedTuple

from impasto.ops import tokenize
from impasto.recipe import TextRecipe, clean_caption


class Word(NamedTuple):
    """A word of a caption, or one of the tokens that frame it.

    Attributes:
        text: As it is tokenised.
        ids: Its token ids.
        frame: It marks the start or the end.
    """

    text: str
    ids: tuple[int, ...]
    frame: bool = False


def words(caption: str, recipe: TextRecipe) -> list[Word]:
    """Splits a row of CLIP's ids by the caption's words.

    Args:
        caption: As it was tokenised, after mixing.
        recipe: With the tokenizer and length it was tokenised with.

    Returns:
        Start, words and end; their ids one after another are the row without its padding. A word that was cut off
        has none, or fewer than it would have.
    """
    tokenizer = recipe.tokenizer
    if recipe.resolved is None:
        return []
    row = tokenize(caption, tokenizer, length=recipe.room)
    ids = row.input_ids[0, : int(row.attention_mask.sum())].tolist()
    parts, at = [Word("start", (ids[0],), frame=True)], 1
    for text in clean_caption(caption).split():
        alone = tokenize(text, tokenizer, length=recipe.room)
        count = int(alone.attention_mask.sum()) - 2  # without start and end
        parts.append(Word(text, tuple(ids[at : min(at + count, len(ids) - 1)])))
        at += count
    return [*parts, Word("end", (ids[-1],), frame=True)]
