"""What a state says of data and recipe, so that a run doesn't go on with others unnoticed."""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import ImpastoError
from impasto.loading.mixture import Mixture
from impasto.sources import Concatenation, IndexedSource, Source

if TYPE_CHECKING:
    from impasto._core import Index

#: Rows that are looked at: of an index that lies in memory, and of a source that Python code reads.
_INDEXED, _GATHERED = 64, 8


def data_facts(data: Source) -> dict[str, Any]:
    """What `_fact_of` says of the data, and the weights of a mixture, by name."""
    weights = {"weights": list(data.shares)} if isinstance(data, Mixture) else {}
    return {**weights, "data": _fact_of(data)}


def _fact_of(data: Source) -> str:
    """The kind of source, its length, and a hash of some of its rows: keys, names of files, captions and labels.

    The same data in another folder have the same facts.
    """
    digest = hashlib.blake2b(digest_size=6)
    for part in _rows(data):
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return f"{type(data).__name__}, {len(data)} rows, {digest.hexdigest()}"


def _rows(data: Source) -> list[str]:
    if isinstance(data, Concatenation):
        # Each on its own: a small one would fall between the rows that are looked at.
        mixed = [repr((data.shares, data.epoch_length))] if isinstance(data, Mixture) else []
        return [_fact_of(member) for member in data.members] + mixed
    parts = data.parts(np.arange(min(len(data), 1)))
    many = _INDEXED if all(isinstance(part.source, IndexedSource) for part in parts) else _GATHERED
    rows = np.unique(np.linspace(0, len(data) - 1, min(many, len(data)), dtype=np.int64))
    return [_found(data, row) for row in rows.tolist()]


def _found(data: Source, row: int) -> str:
    try:
        (part,) = data.parts(np.asarray([row]))
        further = part.rewrites
        rewrites = "" if further is None else f"{further.captions.captions(int(further.rows[0]))}, {further.weight}"
        return _row(*data.find(row)) + rewrites
    except ImpastoError as error:
        # A bad row is nobody's business here; that it is bad is part of what the data are.
        return type(error).__name__


def _row(index: Index, row: int) -> str:
    return repr((index.key(row), PurePath(index.path(row)).name, index.captions(row), index.label(row)))


def recipe_facts(recipe: Any) -> dict[str, str]:
    """What differs from the defaults in a recipe, by name."""
    found: dict[str, str] = {}
    for field in fields(recipe):
        value, default = getattr(recipe, field.name), _default(field)
        if value == default:
            continue
        if is_dataclass(value) and type(value) is type(default):
            found |= {f"{field.name}.{name}": fact for name, fact in recipe_facts(value).items()}
        else:
            # A tokenizer prints how it runs too, which changes no batch.
            found[field.name] = getattr(value, "fact", None) or repr(value)
    return found


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
