"""Words of captions: from a decoder's rows to text, and from text to what scores compare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from impasto.recipe import BertTokenizer
from impasto_lab.models.masking import vocabulary_pieces
from impasto_lab.tasks.downstream.opened import Opened

#: Letters and digits: a hyphen or an apostrophe divides, as in what a decoder spells, whose pieces it stands between.
_WORD = re.compile(r"[^\W_]+")
_NEVER = ("[PAD]", "[UNK]", "[CLS]", "[MASK]")


def caption_words(text: str) -> list[str]:
    """The words of a caption that BLEU and CIDEr-D compare: small letters, no punctuation.

    The published scores are of Stanford's tokenizer, which needs Java. This one divides at each hyphen and apostrophe:
    there ``t-shirt`` is one word, which a decoder of BERT's pieces, whose text is ``t - shirt``, could never tell.
    """
    return _WORD.findall(text.lower())


class Speller:
    """Spells what a decoder tells.

    Args:
        opened: A model with words of BERT's.

    Attributes:
        never: Rows that are no words: of special tokens, and the one that all words without a row share.
    """

    def __init__(self, opened: Opened) -> None:
        assert isinstance(opened.tokenizer, BertTokenizer)
        pieces = vocabulary_pieces(Path(opened.tokenizer.vocabulary).read_text(encoding="utf-8"))
        compact = opened.compact
        self._pieces = pieces if compact is None else [pieces[id] for id in compact.ids]
        self.never = [row for row, piece in enumerate(self._pieces) if piece in _NEVER]
        if compact is not None:
            self.never.append(len(compact.ids))

    def __call__(self, rows: Sequence[int]) -> str:
        """The text of rows, pieces joined to words."""
        return " ".join(self._pieces[row] for row in rows).replace(" ##", "")
