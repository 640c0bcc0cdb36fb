"""Recipes as plain dictionaries, such as a YAML file holds, and back."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from inspect import signature
from pathlib import PurePath
from typing import Any

from impasto.checks import require
from impasto.errors import RecipeError
from impasto.recipe.alternate import Alternate
from impasto.recipe.augment import ColorJitter, GaussianBlur, Grayscale, RandAugment, RandomErasing, TrivialAugment
from impasto.recipe.foreign import ForeignTokenizer
from impasto.recipe.image import ImageRecipe
from impasto.recipe.mix import Beta, CutMix, CutMixUp, MixGen, MixUp, PatchMix
from impasto.recipe.patches import PatchDrop
from impasto.recipe.text import TextRecipe
from impasto.recipe.tokenizer_file import TokenizerFile
from impasto.recipe.tokenizers import BertTokenizer, ClipTokenizer
from impasto.recipe.words import (
    CaptionDropout,
    CaptionTemplate,
    FrequencyDropout,
    RandomDeletion,
    RandomSwap,
    TagDropout,
    TagShuffle,
)

#: What a dictionary's ``kind`` names.
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(ImageRecipe, PatchDrop, TextRecipe, MixGen, Alternate, Beta),
        *(ClipTokenizer, BertTokenizer, TokenizerFile),
        *(RandAugment, TrivialAugment, ColorJitter, Grayscale, GaussianBlur, RandomErasing),
        *(RandomDeletion, RandomSwap, FrequencyDropout),
        *(TagShuffle, TagDropout, CaptionDropout, CaptionTemplate),
    )
}

#: What else a dictionary that people wrote may name: functions that make one of the kinds.
MAKERS: dict[str, Callable[..., MixGen]] = {maker.__name__: maker for maker in (MixUp, CutMix, CutMixUp, PatchMix)}

#: A tokenizer of others, of which a dictionary holds the name that a run's state has.
_FOREIGN = ForeignTokenizer.__name__

#: Fields that are mappings themselves.
_MAPPINGS = ("frequencies",)

#: What a dictionary without a ``kind`` is, by the name that it stands under.
_UNNAMED: dict[str, type[Any]] = {"image": ImageRecipe, "text": TextRecipe, "mix": MixGen, "patch_drop": PatchDrop}


def to_plain(value: Any, name: str = "") -> Any:
    """A value of a recipe in dictionaries, lists, strings, numbers, booleans and None.

    Args:
        value: A frozen recipe value, or what its fields hold.
        name: The field that it stands under.

    Raises:
        RecipeError: If it holds something that has no plain form.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, ForeignTokenizer):
        return {"kind": _FOREIGN, "name": value.fact}
    if isinstance(value, tuple | list):
        return [to_plain(one, name) for one in value]
    if is_dataclass(value) and (not name or type(value).__name__ in KINDS):
        kind = {} if not name or _UNNAMED.get(name) is type(value) else {"kind": type(value).__name__}
        return kind | {field.name: to_plain(getattr(value, field.name), field.name) for field in fields(value)}
    raise RecipeError(f"{name}={value!r} has no plain form: it is no value of impasto.recipe")


def from_plain(kind: Callable[..., Any], plain: Any, place: str = "") -> Any:
    """The recipe value of a dictionary that `to_plain` made, or that people wrote.

    Args:
        kind: What it is to be.
        plain: The dictionary; fields that it lacks have their defaults.
        place: Where it stands, for messages: ``"image.augment"``.

    Raises:
        RecipeError: If a name is not known (the message has the nearest) or lacking, or a value makes no sense.
    """
    where = place or kind.__name__
    require(isinstance(plain, Mapping), f"{where} must be a mapping of its fields, not {plain!r}")
    known = _arguments(kind)
    for name in plain:
        near = difflib.get_close_matches(str(name), known, 1, 0)
        require(name in known, f"{where} has no field {name!r}; did you mean {near[0] if near else 'none'!r}?")
    lacking = [name for name in _needed(kind) if name not in plain]
    require(not lacking, f"{where} lacks {', '.join(lacking)}: a {kind.__name__} has no default for it")
    return kind(**{name: _value(plain[name], name, f"{place}.{name}".lstrip(".")) for name in plain})


def with_tokenizer(plain: Mapping[str, Any], tokenizer: Any) -> dict[str, Any]:
    """A recipe's dictionary with the tokenizer itself in the place of its name.

    Args:
        plain: The dictionary.
        tokenizer: The tokenizer.

    Raises:
        RecipeError: If it has no text recipe to hold one, or another name than is written there.
    """
    text = plain.get("text", {})
    require(isinstance(text, Mapping), f"tokenizer= is for a text recipe, and there is text={text!r}")
    written = text.get("tokenizer")
    if isinstance(written, Mapping) and written.get("kind") == _FOREIGN:
        name = TextRecipe(tokenizer=tokenizer, length=None).tokenizer
        name = name.fact if isinstance(name, ForeignTokenizer) else repr(name)
        known = written.get("name", name)
        require(
            name == known, f"tokenizer= is {name}, and the recipe was written with {known}; remove that to change it"
        )
    return {**plain, "text": {**text, "tokenizer": tokenizer}}


def _arguments(kind: Callable[..., Any]) -> list[str]:
    if isinstance(kind, type):
        return [field.name for field in fields(kind)]
    own = [name for name, argument in signature(kind).parameters.items() if argument.kind is not argument.VAR_KEYWORD]
    return own + _arguments(MixGen)


def _needed(kind: Callable[..., Any]) -> list[str]:
    known = fields(kind) if isinstance(kind, type) else ()  # the functions have defaults for all
    return [field.name for field in known if field.default is MISSING and field.default_factory is MISSING]


def _value(plain: Any, name: str, place: str) -> Any:
    if isinstance(plain, list | tuple):
        return tuple(_value(one, name, place) for one in plain)
    if not isinstance(plain, Mapping) or name in _MAPPINGS:
        return plain
    default = _UNNAMED[name].__name__ if name in _UNNAMED else None
    kind = plain.get("kind", default)
    require(
        kind != _FOREIGN,
        f"{place} was {plain.get('name')}, which a dictionary only names; give it by Recipe.from_dict(plain, "
        "tokenizer=...)",
    )
    known: dict[str, Callable[..., Any]] = {**KINDS, **MAKERS}
    require(
        isinstance(kind, str) and kind in known,
        f"{place} has kind={kind!r}, which is not known; use one of {', '.join(known)}",
    )
    return from_plain(known[kind], {key: value for key, value in plain.items() if key != "kind"}, place)


def differences(here: Any, there: Any, place: str = "") -> dict[str, tuple[Any, Any]]:
    """The fields in which two plain values differ, by their places, each with both of its values."""
    if isinstance(here, dict) and isinstance(there, dict) and here.get("kind") == there.get("kind"):
        found: dict[str, tuple[Any, Any]] = {}
        for name in [*here, *(name for name in there if name not in here)]:
            found |= differences(here.get(name), there.get(name), f"{place}.{name}".lstrip("."))
        return found
    return {} if here == there else {place: (here, there)}
