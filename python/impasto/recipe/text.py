"""What is done to captions: a frozen value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from impasto import _core
from impasto.checks import choice, is_count, is_number, require
from impasto.recipe.backends import RustTokenizer
from impasto.recipe.foreign import ForeignTokenizer
from impasto.recipe.tokenizer_file import TokenizerFile
from impasto.recipe.tokenizers import BertTokenizer, ClipTokenizer, Tokenizer
from impasto.recipe.value import Value
from impasto.recipe.words import WordAugmentation

_CLIP = ClipTokenizer()


@dataclass(frozen=True, kw_only=True)
class TextRecipe(Value):
    """From a caption to one row of ids.

    Args:
        tokenizer: ``"clip"`` for `ClipTokenizer` as open_clip has it, a `ClipTokenizer` or `BertTokenizer`; the path of
            a ``tokenizer.json``, or a `TokenizerFile`; a Hugging Face tokenizer, or any function from a list of strings
            to ids, such as open_clip's tokenizers, which are called with a batch's mixed captions (see
            `ForeignTokenizer`); or None to leave captions as strings in ``Batch.captions``.
        length: Ids in a row, special tokens and padding included. A caption that does not fit is cut, and
            ``Batch.lost`` says by how many tokens. None leaves it to a tokenizer of others.
        captions: Which of a sample's captions: one that is drawn anew each time (``"draw"``), the ``"first"`` that can
            be used, or ``"all"``, one after another, as retrieval is evaluated on; ``Batch.caption_rows`` then says
            whose each is, and ids are [C, L] for all C of the batch.
        max_bytes: The longest caption taken, in bytes of UTF-8.
        prepare: ``"caption"`` or ``"question"`` for ALBEF's cleaning before anything else (`impasto.ops.pre_caption`,
            `impasto.ops.pre_question`), or None.
        max_words: Words that it leaves.
        augment: What is drawn for each caption then and done to it, in turn: `RandomDeletion`, `RandomSwap`,
            `FrequencyDropout`, `TagShuffle`, `TagDropout`, `CaptionDropout`, `CaptionTemplate`.
        caption_weights: How often each of a sample's captions is drawn, by its place: ``(2, 1)`` draws the first twice
            as often as any other, for the last weight counts for all further captions. Evenly by default, and where
            all of a sample's are 0; one at least is above 0.
        mask: Which tokens stay of a caption, mixed or not, that has too many: the first (``"truncate"``), any in their
            order (``"random"``), or a run of them (``"block"``), as CLIPA draws them (Li et al. 2023, arXiv
            2305.07017); ``Batch.plan.kept`` says which.

    Raises:
        RecipeError: If a value makes no sense.
    """

    tokenizer: str | Path | Tokenizer | ForeignTokenizer | Callable[..., Any] | None = "clip"
    length: int | None = 77
    captions: Literal["draw", "first", "all"] = "draw"
    max_bytes: int = 32768
    prepare: Literal["caption", "question"] | None = None
    max_words: int = 30
    augment: tuple[WordAugmentation, ...] = ()
    caption_weights: tuple[float, ...] = ()
    mask: Literal["truncate", "random", "block"] = "truncate"

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self.tokenizer
        known = given is None or isinstance(given, ClipTokenizer | BertTokenizer | TokenizerFile | ForeignTokenizer)
        # "clip" is CLIP's, whatever folder has that name.
        if isinstance(given, Path) or (
            isinstance(given, str) and given != "clip" and (given.endswith(".json") or Path(given).is_dir())
        ):
            object.__setattr__(self, "tokenizer", TokenizerFile(path=given))
        elif not known and not (isinstance(given, str) and given == "clip"):
            object.__setattr__(self, "tokenizer", ForeignTokenizer(given))  # type: ignore[arg-type]
        require(
            (self.length is None and self.foreign is not None) or (is_count(self.length) and 2 <= self.length <= 65536),  # type: ignore[operator]
            f"length={self.length!r} must be a whole number in 2..65536: two of its tokens mark start and end",
        )
        require(
            is_count(self.max_bytes) and 1 <= self.max_bytes < 2**31,
            f"max_bytes={self.max_bytes!r} must lie in 1..2**31-1",
        )
        choice("captions", self.captions, ("draw", "first", "all"))
        require(
            self.captions == "draw" or not self.augment,
            f"captions={self.captions!r} draws nothing, and augment= does; leave one of them out",
        )
        choice("prepare", self.prepare, (None, "caption", "question"))
        augment = self.augment
        require(
            isinstance(augment, tuple) and all(isinstance(policy, WordAugmentation) for policy in augment),
            f"augment={augment!r} must be a tuple of augmentations of words, such as (impasto.RandomDeletion(),)",
        )
        weights = self.caption_weights
        usable = isinstance(weights, tuple) and all(is_number(one) and 0 <= one < math.inf for one in weights)
        require(usable, f"caption_weights={weights!r} must be a tuple of numbers, none below 0, such as (2, 1)")
        require(not weights or any(weights), f"caption_weights={weights!r} would draw no caption; make one above 0")
        require(
            self.captions == "draw" or not weights,
            f"captions={self.captions!r} draws none of them, and caption_weights= says how often; leave one out",
        )
        choice("mask", self.mask, ("truncate", "random", "block"))
        require(
            self.mask == "truncate" or self.captions != "all",
            f"captions='all' are cut at their end, and mask={self.mask!r} draws what stays; leave one out",
        )
        require(
            self.mask == "truncate" or self.resolved is not None,
            f"mask={self.mask!r} needs a tokenizer in Rust to count with, and this is {self.tokenizer!r}; use 'clip', "
            "a BertTokenizer, or a tokenizer.json of a kind that impasto knows",
        )
        require(is_count(self.max_words) and self.max_words >= 1, f"max_words={self.max_words!r} must be at least 1")

    @property
    def resolved(self) -> ClipTokenizer | BertTokenizer | RustTokenizer | None:
        """The tokenizer that runs in Rust; None where none does.

        Raises:
            VocabularyError: If the tokenizer's file is missing or damaged.
        """
        given = self.tokenizer
        if isinstance(given, str):
            return _CLIP
        if self.length is None:
            return None
        if isinstance(given, TokenizerFile | ForeignTokenizer):
            return given.in_rust
        return given if isinstance(given, ClipTokenizer | BertTokenizer) else None

    @property
    def foreign(self) -> ForeignTokenizer | None:
        """The tokenizer, where it is called.

        Raises:
            VocabularyError: If the tokenizer's file is missing or damaged.
        """
        given = self.tokenizer
        if not isinstance(given, TokenizerFile | ForeignTokenizer) or self.resolved is not None:
            return None
        return ForeignTokenizer(given.called) if isinstance(given, TokenizerFile) else given

    @property
    def room(self) -> int:
        """Ids in a row; 0 where that is left to the tokenizer."""
        return self.length or 0

    @cached_property
    def native(self) -> _core.TextSpec:
        """The recipe in Rust.

        Raises:
            VocabularyError: If the vocabulary is missing or damaged.
        """
        # All captions are not the core's to read, which draws one.
        tokenizer = self.resolved if self.captions != "all" else None
        native = tokenizer.native if tokenizer else None
        marks = len(native.begins + native.ends) if native else 0
        require(
            marks <= max(self.room, 2), f"length={self.length} is less than the {marks} tokens that mark start and end"
        )
        return _core.TextSpec(
            tokenizer=native,
            length=max(self.room, 2),
            pad_id=tokenizer.pad_id if tokenizer else 0,
            parse_specials=tokenizer is not None and tokenizer.specials == "parse",
            end=tokenizer is None or tokenizer.end,
            clean=tokenizer is not None and tokenizer.clean == "open_clip",
            max_bytes=self.max_bytes,
            prepare=self.prepare,
            max_words=self.max_words,
            augment=[policy.native for policy in self.augment],
            weights=[float(weight) for weight in self.caption_weights],
            mask=self.mask,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "native"}
