"""Tokenizers in files as Hugging Face's `tokenizers` writes them: in Rust where all that a file asks for is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from impasto import _core
from impasto.checks import choice, is_count, path, require
from impasto.errors import SourceError, VocabularyError
from impasto.files import read_regular
from impasto.recipe.backends import IN_RUST, CalledFile, RustTokenizer
from impasto.recipe.value import Value

#: The largest file that is read, in bytes; those of 250,000 tokens have 20 MB.
_MOST = 1 << 28


class _Contents(NamedTuple):
    """A file's contents, read."""

    read: _core.ReadTokenizer
    digest: str


@dataclass(frozen=True, kw_only=True, repr=False)
class TokenizerFile(Value):
    """A ``tokenizer.json``, id for id as Hugging Face's `tokenizers` has it.

    Byte-level BPE (as GPT-2, RoBERTa and CLIP use it) and BERT's WordPiece run in Rust, with any vocabulary, merges,
    added tokens and special tokens. All else, such as SentencePiece's kinds, is called: the package `tokenizers` is
    asked once a batch, in the loader's thread. `unknown`, and the printed form, say which it is and why.

    Args:
        path: The file, or a folder with one, as ``save_pretrained`` of `transformers` writes it.
        pad_id: What fills a row after its last token; by default what the file pads with, or the id of its ``[PAD]``
            or ``<pad>``.
        specials: What a special token's name inside a caption becomes: plain ``"text"``, or the special id
            (``"parse"``, as Hugging Face does unless it is told otherwise).

    Raises:
        RecipeError: If a value makes no sense.
    """

    path: str | Path
    pad_id: int | None = None
    specials: Literal["text", "parse"] = "text"

    def __post_init__(self) -> None:
        super().__post_init__()
        path("path", self.path)
        require(
            self.pad_id is None or is_count(self.pad_id),
            f"pad_id={self.pad_id!r} must be a whole number from 0, or None",
        )
        choice("specials", self.specials, ("text", "parse"))
        if Path(self.path).is_dir():
            object.__setattr__(self, "path", Path(self.path) / "tokenizer.json")

    @property
    def unknown(self) -> str | None:
        """What in the file is not known to impasto, so that `tokenizers` is called; None where it runs in Rust.

        Raises:
            VocabularyError: If the file is missing or no ``tokenizer.json``.
        """
        return self._contents.read.unknown

    @property
    def native(self) -> _core.Tokenizer:
        """The tokenizer in Rust.

        Raises:
            VocabularyError: If the file is missing or damaged, or something in it is not known.
        """
        read = self._contents.read
        if read.tokenizer is None:
            reason = f"{read.unknown}, which impasto does not do itself; Hugging Face's tokenizers does"
            raise VocabularyError(reason, path=str(self.path))
        return read.tokenizer

    @property
    def in_rust(self) -> RustTokenizer | None:
        """The tokenizer in Rust and how it is used; None where the file is called.

        Raises:
            VocabularyError: If the file is missing or damaged, or doesn't say what it pads with.
        """
        native = self._contents.read.tokenizer
        return native and RustTokenizer(native=native, pad_id=self._padding, specials=self.specials)

    @property
    def _padding(self) -> int:
        """The id of its padding.

        Raises:
            VocabularyError: If the file is missing or damaged, or doesn't say what it pads with.
        """
        pad_id = self._contents.read.pad_id if self.pad_id is None else self.pad_id
        if pad_id is None:
            reason = "the file doesn't say what it pads with; give TokenizerFile(..., pad_id=), such as 0"
            raise VocabularyError(reason, path=str(self.path))
        return pad_id

    @cached_property
    def called(self) -> CalledFile:
        """The file for `tokenizers` to read, as a function of captions."""
        return CalledFile(str(self.path), self._padding, self.specials == "text")

    @property
    def fact(self) -> str:
        """What a run's state says of it: its contents, wherever it lies."""
        return f"TokenizerFile({self._contents.digest}, pad_id={self.pad_id}, specials={self.specials!r})"

    @property
    def _contents(self) -> _Contents:
        try:
            status = Path(self.path).stat()
            return _read(str(self.path), (status.st_mtime_ns, status.st_size))
        except OSError as error:
            reason = error.reason if isinstance(error, SourceError) else "the file does not exist"
            raise VocabularyError(f"the tokenizer: {reason}", path=str(self.path)) from error

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "called"}

    def __repr__(self) -> str:
        try:
            how = IN_RUST if self.unknown is None else f"called: {self.unknown}"
        except VocabularyError:
            how = "unreadable"
        return f"TokenizerFile(path={str(self.path)!r}, pad_id={self.pad_id}, specials={self.specials!r}; {how})"


@lru_cache(maxsize=8)
def _read(path: str, _stamp: tuple[int, int]) -> _Contents:
    contents = read_regular(path, most=_MOST)
    try:
        read = _core.Tokenizer.read_file(contents)
    except VocabularyError as error:
        raise VocabularyError(error.reason, path=path) from error
    return _Contents(read, hashlib.blake2b(contents, digest_size=6).hexdigest())
