"""The words of a data set: which ids it has, and a small vocabulary of its own."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.batch import Batch
from impasto.errors import CaptionError, ImpastoError, RecipeError
from impasto.ops import pre_caption, tokenize
from impasto.recipe import TextRecipe
from impasto.sources import GatheredSource, Source
from impasto_lab.models import Words

#: Rows whose captions are read at a time.
_ROWS = 4096
#: Tokens of a caption that are looked at; more never get into a batch.
_LOOKED_AT = 512
#: Words of a vocabulary of a data set's own.
_MOST = 30_000
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
#: As BERT divides text: words without punctuation, and each mark by itself.
_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")


def captions_of(data: Source) -> Iterator[str]:
    """All captions of a source that can be read, in the order of its rows."""
    for begin in range(0, len(data), _ROWS):
        for part in data.parts(np.arange(begin, min(begin + _ROWS, len(data)), dtype=np.int64)):
            gathered = isinstance(part.source, GatheredSource)
            index = part.source.gather_texts(part.rows) if gathered else part.source.find(0)[0]  # type: ignore[attr-defined]
            pairs = [(index, at) for at in (range(len(part.rows)) if gathered else part.rows.tolist())]
            if part.rewrites is not None:
                pairs += [(part.rewrites.captions, at) for at in part.rewrites.rows.tolist()]
            for where, at in pairs:
                for which in range(where.caption_count(at)):
                    try:
                        yield where.caption(at, which)
                    except ImpastoError:  # the row's own, raised or replaced when a batch has it
                        continue


def require_captions(data: Source) -> None:
    """Requires that there is a caption at all.

    Raises:
        CaptionError: If there is none.
    """
    if next((caption for caption in captions_of(data) if caption.strip()), None) is None:
        reason = f"{data!r} has no captions to train on; name where they are (caption=), or open another data set"
        raise CaptionError(reason)


def own_vocabulary(captions: Iterable[str]) -> str:
    """A ``vocab.txt`` of the words of captions, the most frequent first, for `impasto.BertTokenizer`.

    Letters and digits are there too, to begin and to go on with: what comes later is spelled.
    """
    counts: Counter[str] = Counter()
    for caption in captions:
        plain = unicodedata.normalize("NFD", caption.lower())
        counts.update(_WORD.findall("".join(sign for sign in plain if unicodedata.category(sign) != "Mn")))
    signs = sorted({sign for word in counts for sign in word} | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    words = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST]
    spelled = [*signs, *(f"##{sign}" for sign in signs)]
    return "\n".join([*_SPECIAL, *dict.fromkeys([*spelled, *words])]) + "\n"


@dataclass(frozen=True)
class CompactVocabulary:
    """Rows for the ids that a data set has: a table of words without those that it lacks.

    A step of AdamW over CLIP's 49,408 rows takes longer than all else of a small model. An id that has no row shares
    the last one with all such.

    Attributes:
        ids: The ids that have a row, ascending.
    """

    ids: tuple[int, ...]

    @classmethod
    def of(cls, captions: Iterable[str], text: TextRecipe, always: Sequence[int] = ()) -> CompactVocabulary:
        """The ids of captions, as a recipe tokenizes them.

        Args:
            captions: All captions.
            text: Its tokenizer is one of impasto's.
            always: Ids that have a row in any case.

        Raises:
            RecipeError: If the recipe has no tokenizer of impasto's.
        """
        tokenizer = text.resolved
        if tokenizer is None:
            raise RecipeError("a compact vocabulary needs a tokenizer of impasto's own")
        seen = np.unique(np.array([tokenizer.pad_id, *always], np.int64))
        for some in _chunks(captions):
            prepared = [pre_caption(one, 1 << 20) for one in some] if text.prepare else some
            ids = tokenize(prepared, text.tokenizer, length=_LOOKED_AT).input_ids
            seen = np.union1d(seen, ids)
        return cls(tuple(seen.tolist()))

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.ids) + 1

    def rows(self, input_ids: Tensor) -> Tensor:
        """The rows of ids, of any shape."""
        known = torch.tensor(self.ids, device=input_ids.device)
        places = torch.searchsorted(known, input_ids).clamp_(max=len(known) - 1)
        return torch.where(known[places] == input_ids, places, len(known))

    def words(self, words: Words) -> Words:
        """What masking asks of the vocabulary, in rows."""
        special = {name: self._row(getattr(words, name)) for name in ("pad", "cls", "sep", "mask")}
        continued = tuple(self._row(id) for id in sorted(set(words.continued) & set(self.ids)))
        return replace(words, size=self.size, continued=continued, **special)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with rows in place of ids: a loader's ``form``."""
        return batch if batch.input_ids is None else batch.changed(input_ids=self.rows(batch.input_ids))

    def _row(self, id: int) -> int:
        return int(self.rows(torch.tensor(id)))


def _chunks(captions: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for caption in captions:
        some.append(caption)
        if len(some) == _ROWS:
            yield some
            some = []
    if some:
        yield some
