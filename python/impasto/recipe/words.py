"""What is done to a caption before it is mixed: words deleted and swapped, tags shuffled, captions dropped, templates.

All of it is drawn per sample and epoch, and what was drawn lies in ``Batch.plan.wordings``.
"""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from impasto import _core
from impasto.checks import is_count, is_number, probability, require
from impasto.recipe.value import Value


class WordAugmentation(Value, ABC):
    """Something done to a caption's words; ``TextRecipe(augment=(...))`` takes a tuple of them, done in turn."""

    @property
    @abstractmethod
    def native(self) -> _core.WordSpec:
        """The same in Rust."""


@dataclass(frozen=True, kw_only=True)
class RandomDeletion(WordAugmentation):
    """Deletes words at random (EDA, Wei and Zou 2019); one always stays.

    Args:
        p: Probability that a word goes.

    Raises:
        RecipeError: If it makes no sense.
    """

    p: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        probability("p", self.p)

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        return _core.WordSpec.delete(float(self.p))


@dataclass(frozen=True, kw_only=True)
class RandomSwap(WordAugmentation):
    """Has two random words change places, n times (EDA, Wei and Zou 2019).

    Args:
        n: Swaps.

    Raises:
        RecipeError: If it makes no sense.
    """

    n: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require(is_count(self.n) and 0 <= self.n <= 1000, f"n={self.n!r} must be a whole number in 0..1000")

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        return _core.WordSpec.swap(self.n)


@dataclass(frozen=True, kw_only=True)
class FrequencyDropout(WordAugmentation):
    """Drops common words: each goes with probability ``1 - sqrt(threshold / frequency)`` (Mikolov et al. 2013).

    That is CLIPF's masking by frequency (Liang and Larson 2024, arXiv 2412.16148); one word always stays.

    Args:
        frequencies: How often each word comes, as a share of all words in (0, 1]: a mapping, or pairs. Words are
            looked up in lower case, without punctuation around them, and spellings add up; others stay.
        threshold: Words up to this frequency stay.

    Raises:
        RecipeError: If a value makes no sense.
    """

    frequencies: Mapping[str, float] | tuple[tuple[str, float], ...]
    threshold: float = 1e-6

    def __post_init__(self) -> None:
        given = self.frequencies
        listed = isinstance(given, tuple | list) and all(isinstance(pair, tuple | list) for pair in given)
        require(isinstance(given, Mapping) or listed, f"frequencies={given!r} must be a mapping of words to shares")
        pairs = tuple(sorted(given.items(), key=str)) if isinstance(given, Mapping) else tuple(map(tuple, given))
        object.__setattr__(self, "frequencies", pairs)
        super().__post_init__()
        for pair in self.frequencies:
            share = pair[1] if len(pair) == 2 and isinstance(pair[0], str) else None
            usable = isinstance(share, float | int) and is_number(share) and 0 < share <= 1
            require(usable, f"frequencies has {pair!r}; give words with their shares of all words, in (0, 1]")
        require(
            is_number(self.threshold) and 0 < self.threshold <= 1, f"threshold={self.threshold!r} must lie in (0, 1]"
        )

    def __repr__(self) -> str:
        words = len(self.frequencies)
        return f"FrequencyDropout({words} words, threshold={self.threshold!r}, {_hash_of(self.frequencies)})"

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        spelled: dict[str, float] = {}
        for word, share in dict(self.frequencies).items():
            spelled[word.lower()] = spelled.get(word.lower(), 0.0) + share
        return _core.WordSpec.drop_words(
            [(word, max(0.0, 1 - math.sqrt(self.threshold / share))) for word, share in spelled.items()]
        )


def _hash_of(pairs: object) -> str:
    """A short name of a table that is too long to be printed."""
    return hashlib.blake2b(repr(pairs).encode(), digest_size=6).hexdigest()


def _check_tags(keep: int, separator: str) -> None:
    require(is_count(keep) and keep >= 0, f"keep={keep!r} must be a number of tags")
    usable = isinstance(separator, str) and separator.strip() != ""
    require(usable, f"separator={separator!r} must be what lies between tags, such as ','")


@dataclass(frozen=True, kw_only=True)
class TagShuffle(WordAugmentation):
    """Has the tags of a caption such as ``"1girl, red hat, smile"`` come in a random order.

    Args:
        keep: The first tags, which stay where they are.
        separator: What lies between tags; white space around them is normalized, empty ones go.

    Raises:
        RecipeError: If a value makes no sense.
    """

    keep: int = 0
    separator: str = ","

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_tags(self.keep, self.separator)

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        return _core.WordSpec.shuffle_tags(self.keep, self.separator)


@dataclass(frozen=True, kw_only=True)
class TagDropout(WordAugmentation):
    """Drops tags at random; one always stays.

    Args:
        p: Probability that a tag goes.
        keep: The first tags, which stay.
        separator: As in `TagShuffle`.

    Raises:
        RecipeError: If a value makes no sense.
    """

    p: float = 0.1
    keep: int = 0
    separator: str = ","

    def __post_init__(self) -> None:
        super().__post_init__()
        probability("p", self.p)
        _check_tags(self.keep, self.separator)

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        return _core.WordSpec.drop_tags(float(self.p), self.keep, self.separator)


@dataclass(frozen=True, kw_only=True)
class CaptionDropout(WordAugmentation):
    """Drops the whole caption at random, as classifier-free guidance trains with (Ho and Salimans 2022).

    A dropped caption is the empty string; joined with a partner's it leaves the partner's alone.

    Args:
        p: Probability that the caption goes.
        keep: The first tags, which stay all the same.
        separator: As in `TagShuffle`.

    Raises:
        RecipeError: If a value makes no sense.
    """

    p: float = 0.1
    keep: int = 0
    separator: str = ","

    def __post_init__(self) -> None:
        super().__post_init__()
        probability("p", self.p)
        _check_tags(self.keep, self.separator)

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        return _core.WordSpec.drop_caption(float(self.p), self.keep, self.separator)


@dataclass(frozen=True, kw_only=True)
class CaptionTemplate(WordAugmentation):
    """Puts the caption into a template, drawn evenly where there are several; a dropped caption stays empty.

    Args:
        templates: Such as ``("a photo of {}.", "a picture of {}.")``.

    Raises:
        RecipeError: If there is none, or one lacks ``{}``.
    """

    templates: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self.templates
        usable = isinstance(given, tuple) and given and all(isinstance(one, str) and "{}" in one for one in given)
        require(bool(usable), f"templates={given!r} must be a tuple of strings with {{}} where the caption goes")

    @property
    def native(self) -> _core.WordSpec:
        """The same in Rust."""
        return _core.WordSpec.template(list(self.templates))
