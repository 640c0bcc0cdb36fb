"""Which words a model has to tell, drawn from a keyed stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from impasto.errors import SourceError, VocabularyError
from impasto.files import read_regular

_SPECIAL = {"pad": "[PAD]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}


def vocabulary_pieces(text: str) -> list[str]:
    """The tokens of a ``vocab.txt`` in the order of their ids.

    Lines end as the tokenizer's do, at a line feed: a token may hold what `str.splitlines` takes for a line's end.
    """
    return [line.rstrip() for line in text.removesuffix("\n").split("\n")]


@dataclass(frozen=True)
class Words:
    """What masking asks of a WordPiece vocabulary.

    Attributes:
        size: Number of ids.
        pad: The id of ``[PAD]``.
        cls: The id of ``[CLS]``.
        sep: The id of ``[SEP]``.
        mask: The id of ``[MASK]``.
        continued: The ids of pieces that go on with a word (``##``).
    """

    size: int
    pad: int
    cls: int
    sep: int
    mask: int
    continued: tuple[int, ...]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The words of a ``vocab.txt``, as `impasto.BertTokenizer` takes it.

        Raises:
            VocabularyError: If the file can't be read, or a special token is missing.
        """
        try:
            pieces = vocabulary_pieces(read_regular(path, most=1 << 27).decode("utf-8"))
        except (SourceError, UnicodeDecodeError) as error:
            raise VocabularyError(f"the vocabulary: {error}", path=str(path)) from error
        ids = {piece: number for number, piece in enumerate(pieces)}
        if missing := [token for token in _SPECIAL.values() if token not in ids]:
            raise VocabularyError(f"the vocabulary lacks {', '.join(missing)}, which masking needs", path=str(path))
        continued = tuple(number for number, piece in enumerate(pieces) if piece.startswith("##"))
        return cls(len(pieces), continued=continued, **{name: ids[token] for name, token in _SPECIAL.items()})


@dataclass(frozen=True, eq=False)
class MaskedWords:
    """Captions with words to tell.

    Attributes:
        input_ids: [B, L] int64, as the model reads them.
        labels: [B, L] int64, the words to tell; -100 elsewhere.
    """

    input_ids: Tensor
    labels: Tensor

    @property
    def places(self) -> Tensor:
        """[B, L] bool, where words are to be told."""
        return self.labels != -100

    def __repr__(self) -> str:
        return f"MaskedWords({len(self.labels)} rows, {int(self.places.sum())} words to tell)"


def mask_words(
    input_ids: Tensor, words: Words, draw: np.random.Generator, *, rate: float = 0.15, whole: bool = False
) -> MaskedWords:
    """Chooses words to tell, and hides most of them, as BERT does (Devlin et al. 2019, section 3.1).

    Of the chosen tokens 80 % become ``[MASK]``, 10 % any word of the vocabulary, 10 % stay; special tokens and padding
    are never chosen. As many numbers are drawn for a caption of a length whatever is in it.

    Args:
        input_ids: [B, L] int64.
        words: The vocabulary.
        draw: The batch's stream.
        rate: The share of tokens that are chosen, each by itself.
        whole: Choose whole words, with all their pieces, as ViLT does. Its code chooses a fixed number over the
            padded row, of which padding takes a part.
    """
    shape, device = tuple(input_ids.shape), input_ids.device
    chances, ways = (torch.from_numpy(draw.random(shape)).to(device) for _ in range(2))
    others = torch.from_numpy(draw.integers(words.size, size=shape)).to(device)
    special = torch.tensor([words.pad, words.cls, words.sep], device=device)
    eligible = ~torch.isin(input_ids, special)
    if whole:
        continued = torch.isin(input_ids, torch.tensor(words.continued, dtype=torch.int64, device=device)) & eligible
        heads = torch.arange(shape[1], device=device).masked_fill(continued, 0).cummax(dim=1).values  # [B, L]
        chances = chances.gather(1, heads)
    chosen = (chances < rate) & eligible
    hidden = input_ids.masked_fill(chosen & (ways < 0.8), words.mask)
    hidden = torch.where(chosen & (ways >= 0.8) & (ways < 0.9), others, hidden)
    return MaskedWords(hidden, input_ids.masked_fill(~chosen, -100))
