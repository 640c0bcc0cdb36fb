"""The vocabularies a recipe can name. They are read on first use and travel between processes as a path."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal

from impasto import _core
from impasto.checks import choice, flag, path
from impasto.errors import SourceError, VocabularyError, located
from impasto.files import read_regular
from impasto.recipe.tokenizer_file import TokenizerFile
from impasto.recipe.value import Value

#: The largest vocabulary that is read, in bytes; CLIP's has 3 MB, those of a hundred languages less than 10.
_MOST = 1 << 27


@dataclass(frozen=True, kw_only=True)
class ClipTokenizer(Value):
    """CLIP's byte-level BPE (Radford et al. 2021), id for id as open_clip has it.

    Args:
        vocabulary: ``bpe_simple_vocab_16e6.txt[.gz]``; by default the file that the open_clip_torch package carries.
        clean: ``"open_clip"`` repairs Unicode, unescapes HTML, collapses white space and lowers case as open_clip
            does; ``"none"`` only lowers the case of ASCII.
        pad_id: What fills a row after its end-of-text token.
        specials: What a literal ``<start_of_text>`` or ``<end_of_text>`` inside a caption becomes: plain ``"text"``,
            or the special id (``"parse"``, as open_clip does; it ends the caption for a model that pools at the end).
    """

    vocabulary: str | Path | None = None
    clean: Literal["open_clip", "none"] = "open_clip"
    pad_id: int = 0
    specials: Literal["text", "parse"] = "text"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vocabulary is not None:
            path("vocabulary", self.vocabulary)
        choice("clean", self.clean, ("open_clip", "none"))
        choice("specials", self.specials, ("text", "parse"))

    @property
    def end(self) -> bool:
        """Rows end with a special token."""
        return True

    @property
    def native(self) -> _core.Tokenizer:
        """The tokenizer in Rust.

        Raises:
            VocabularyError: If the vocabulary is missing or damaged.
        """
        return _clip(self._path)

    @property
    def fact(self) -> str:
        """What a run's state says of it: its vocabulary's contents, wherever they lie."""
        return _fact(self, self._path)

    @property
    def _path(self) -> str:
        return str(self.vocabulary) if self.vocabulary else _open_clip_vocabulary()


@dataclass(frozen=True, kw_only=True)
class BertTokenizer(Value):
    """BERT's WordPiece (Devlin et al. 2019), id for id as Hugging Face has it.

    Args:
        vocabulary: A ``vocab.txt``, one token a line.
        lowercase: Lower the case and strip accents, as the uncased models want.
        pad_id: What fills a row after its last token.
        end: Append ``[SEP]``. ALBEF's and TCL's own tokenizer does not: pass False for their checkpoints.
        specials: What a literal ``[SEP]`` and the like inside a caption becomes: plain ``"text"``, or the special id
            (``"parse"``, as Hugging Face does).
    """

    vocabulary: str | Path
    lowercase: bool = True
    pad_id: int = 0
    end: bool = True
    specials: Literal["text", "parse"] = "text"

    def __post_init__(self) -> None:
        super().__post_init__()
        path("vocabulary", self.vocabulary)
        flag("lowercase", self.lowercase)
        flag("end", self.end)
        choice("specials", self.specials, ("text", "parse"))

    @property
    def clean(self) -> Literal["none"]:
        """BERT's own normalisation is part of its tokenizer."""
        return "none"

    @property
    def native(self) -> _core.Tokenizer:
        """The tokenizer in Rust.

        Raises:
            VocabularyError: If the vocabulary is missing or damaged.
        """
        return _wordpiece(str(self.vocabulary), self.lowercase)

    @property
    def fact(self) -> str:
        """What a run's state says of it: its vocabulary's contents, wherever they lie."""
        return _fact(self, str(self.vocabulary))


#: A tokenizer that is a frozen value.
Tokenizer = ClipTokenizer | BertTokenizer | TokenizerFile


def clean_caption(caption: str) -> str:
    """Cleans a caption exactly as open_clip's default does.

    Args:
        caption: Any string.

    Returns:
        The caption with Unicode repaired (ftfy), HTML entities unescaped twice, white space collapsed, lower case.
    """
    import html

    import ftfy

    repaired = html.unescape(html.unescape(ftfy.fix_text(caption))).strip()
    return " ".join(repaired.split()).strip().lower()


@cache
def _open_clip_vocabulary() -> str:
    spec = importlib.util.find_spec("open_clip")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        path = Path(folder) / "bpe_simple_vocab_16e6.txt.gz"
        if path.exists():
            return str(path)
    raise VocabularyError(
        "CLIP's vocabulary was not found; pip install 'impasto[clip]' (open_clip_torch carries it), "
        "or name the file: ClipTokenizer(vocabulary='bpe_simple_vocab_16e6.txt.gz')"
    )


def _read(path: str) -> bytes:
    try:
        return read_regular(path, most=_MOST)
    except SourceError as error:
        raise VocabularyError(f"the vocabulary: {error.reason}", path=path) from error


def _fact(tokenizer: ClipTokenizer | BertTokenizer, path: str) -> str:
    others = (field.name for field in fields(tokenizer) if field.name != "vocabulary")
    told = ", ".join([_digest(path), *(f"{name}={getattr(tokenizer, name)!r}" for name in others)])
    return f"{type(tokenizer).__name__}({told})"


@cache
def _digest(path: str) -> str:
    return hashlib.blake2b(_read(path), digest_size=6).hexdigest()


@cache
def _clip(path: str) -> _core.Tokenizer:
    with _named(path):
        return _core.Tokenizer.clip(_read(path))


@cache
def _wordpiece(path: str, lowercase: bool) -> _core.Tokenizer:
    with _named(path):
        return _core.Tokenizer.wordpiece(_read(path), lowercase)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Says of a damaged vocabulary which file it is."""
    try:
        yield
    except VocabularyError as error:
        raise located(error, None, path) from error
