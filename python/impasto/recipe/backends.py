"""What Hugging Face's `tokenizers` has under a tokenizer: described, so that it can run in Rust, or called."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from impasto import _core
from impasto.errors import SourceError, VocabularyError
from impasto.extras import need
from impasto.files import read_regular

#: What a tokenizer's printed form says of one that Rust runs, for rows whose length is given.
IN_RUST = "in Rust where length= is given"

#: What decides ids in `transformers`; a class that has its own does something that its JSON doesn't say.
_DECIDES = ("__call__", "_encode_plus", "_batch_encode_plus", "_convert_encoding", "set_truncation_and_padding")


@dataclass(frozen=True, kw_only=True)
class RustTokenizer:
    """A tokenizer whose JSON says all that it does, in Rust.

    Rows end, and captions are cleaned, as the JSON says.

    Attributes:
        native: The tokenizer in Rust.
        pad_id: What fills a row.
        specials: What names of special tokens in captions are.
    """

    native: _core.Tokenizer
    pad_id: int
    specials: Literal["text", "parse"]
    end: bool = True
    clean: Literal["none"] = "none"


def describe(tokenizer: Any) -> RustTokenizer | str | None:
    """What runs in Rust instead of a tokenizer of `transformers`; why nothing does; None for anybody else's.

    Args:
        tokenizer: Any callable.
    """
    transformers = sys.modules.get("transformers")
    fast = getattr(transformers, "PreTrainedTokenizerFast", None)
    if fast is None or not isinstance(tokenizer, fast):
        return None
    for name in _DECIDES:
        if getattr(type(tokenizer), name, None) is not getattr(fast, name, None) or name in vars(tokenizer):
            return f"its class has a {name} of its own"
    for name in ("padding_side", "truncation_side"):
        if getattr(tokenizer, name) != "right":
            return f"its {name} is {getattr(tokenizer, name)!r}"
    if not isinstance(tokenizer.pad_token_id, int):
        return "it has no pad token"
    read = _core.Tokenizer.read_file(tokenizer.backend_tokenizer.to_str().encode("utf-8", "surrogatepass"))
    if read.tokenizer is None:
        return read.unknown
    specials: Literal["text", "parse"] = "text" if tokenizer.split_special_tokens else "parse"
    return RustTokenizer(native=read.tokenizer, pad_id=tokenizer.pad_token_id, specials=specials)


class CalledFile:
    """A ``tokenizer.json`` that the package `tokenizers` reads, called as tokenizers of `transformers` are.

    Args:
        path: The file.
        pad_id: What fills a row.
        specials_are_text: Whether names of special tokens in captions are plain text.
    """

    def __init__(self, path: str, pad_id: int, specials_are_text: bool) -> None:
        self.name_or_path = path
        self.pad_id = pad_id
        self.specials_are_text = specials_are_text

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizers = need("tokenizers", "tokenizers")
        try:
            text = read_regular(self.name_or_path, most=1 << 28).decode()
            tokenizer = tokenizers.Tokenizer.from_str(text)
        except SourceError as error:
            raise VocabularyError(f"the tokenizer: {error.reason}", path=self.name_or_path) from error
        except Exception as error:  # the package raises nothing more precise
            raise VocabularyError(f"tokenizers can't read it: {error}", path=self.name_or_path) from error
        tokenizer.encode_special_tokens = self.specials_are_text
        return tokenizer

    @cached_property
    def _sides(self) -> tuple[str, str]:
        padding, truncation = self._tokenizer.padding or {}, self._tokenizer.truncation or {}
        return padding.get("direction", "right"), truncation.get("direction", "right")

    def __call__(
        self,
        captions: list[str],
        *,
        padding: str | bool = False,
        truncation: bool = False,
        max_length: int | None = None,
        **_of_no_use: bool,
    ) -> dict[str, list[list[int]]]:
        """Ids and masks of captions; a length that is None leaves them as long as they are."""
        pad_side, cut_side = self._sides
        if truncation and max_length is not None:
            self._tokenizer.enable_truncation(max_length, direction=cut_side)
        else:
            self._tokenizer.no_truncation()
        if padding:
            self._tokenizer.enable_padding(direction=pad_side, pad_id=self.pad_id, length=max_length)
        else:
            self._tokenizer.no_padding()
        encoded = self._tokenizer.encode_batch(captions)
        return {"input_ids": [one.ids for one in encoded], "attention_mask": [one.attention_mask for one in encoded]}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
