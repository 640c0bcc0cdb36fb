"""What a sample has besides image, captions and label: columns that pass through to the batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch

from impasto.batch import is_view
from impasto.checks import require
from impasto.errors import SourceError
from impasto.sources import Source

_LABELS = "all numbers of 64 bits, all truth values, all lists (or arrays) of as many numbers, or all strings"


def check_names(fields: Sequence[str] | Mapping[str, str], parts: Sequence[str]) -> dict[str, str]:
    """The columns that are asked for: their names in a batch, and those of the facts.

    Raises:
        RecipeError: If they are no strings, come twice, or are parts of a batch already.
    """
    told = [*fields, *fields.values()] if isinstance(fields, Mapping) else fields
    listed = isinstance(told, Collection) and not isinstance(told, str)
    well_formed = listed and all(isinstance(name, str) for name in told)
    require(
        well_formed,
        f"fields={fields!r} must be names of facts, such as ('image_id', 'question'), or {{'name': 'fact'}}",
    )
    names = dict(fields) if isinstance(fields, Mapping) else {name: name for name in fields}
    taken = [name for name in names if name in parts or is_view(name)]
    remedy = f"such as fields={ {'sample_' + name: names[name] for name in taken[:1]}!r}"
    require(not taken, f"fields={fields!r}: {taken} are names of a batch's own parts; give them others, {remedy}")
    require(len(names) == len(fields), f"fields={fields!r} has a name twice; leave one out")
    return names


def read_columns(data: Source, samples: Sequence[int], names: Mapping[str, str]) -> dict[str, torch.Tensor | list[Any]]:
    """Columns of the samples' facts.

    Args:
        data: A source.
        samples: The samples' numbers.
        names: The columns' names, and those of the facts; see `Source.facts`.

    Returns:
        A tensor [B] where all are numbers (int64, bool, or float32 where one is no whole number), else a list of B.

    Raises:
        SourceError: If a sample has no such fact; the message lists those that it has.
    """
    rows = facts_of(data, samples, tuple(names.values())) if names else []
    return {name: _as_column([facts[fact] for facts in rows]) for name, fact in names.items()}


def facts_of(data: Source, samples: Sequence[int], names: Sequence[str]) -> list[Mapping[str, Any]]:
    """The facts of samples.

    Raises:
        SourceError: If a sample lacks one of those named; the message lists those that it has.
    """
    rows = [data.facts(sample) for sample in samples]
    for sample, facts in zip(samples, rows, strict=True):
        missing = [name for name in names if name not in facts]
        if missing:
            raise SourceError(f"the sample has no {missing}; its facts are {list(facts)}", key=data.key(sample))
    return rows


def _as_column(values: list[Any]) -> torch.Tensor | list[Any]:
    """One tensor [B] of numbers, or the list."""
    values = [bool(value) if isinstance(value, np.bool_) else value for value in values]
    if all(isinstance(value, bool) for value in values):
        return torch.tensor(values)
    if any(isinstance(value, bool) or not isinstance(value, Real) for value in values):
        return values
    if not all(isinstance(value, Integral) for value in values):
        return torch.tensor([float(value) for value in values], dtype=torch.float32)
    fits = all(map(_fits, values))
    return torch.tensor([int(value) for value in values], dtype=torch.int64) if fits else values


def _fits(value: Integral) -> bool:
    return -(2**63) <= int(value) < 2**63


def class_labels(labels: Sequence[int | None]) -> torch.Tensor | None:
    """Class numbers as a tensor [B] int64, -1 where a row has none; None where no row has one."""
    if labels.count(None) == len(labels):
        return None
    return torch.tensor([-1 if label is None else label for label in labels], dtype=torch.int64)


def read_labels(data: Source, samples: Sequence[int], name: str) -> torch.Tensor | list[str]:
    """The labels of samples whose labels are a fact.

    Args:
        data: A source.
        samples: B numbers of samples.
        name: Of the fact.

    Returns:
        [B] of numbers (int64, or float32 where one is no whole number), bool [B] of truth values, float32 [B, K] of
        lists or arrays, or B strings.

    Raises:
        SourceError: If a sample has no such fact, or one that is none of these, or not alike with the others.
    """
    values = [facts[name] for facts in facts_of(data, samples, (name,))]
    first = _kind(values[0])
    for sample, value in zip(samples, values, strict=True):
        kind = _kind(value)
        if kind is None or kind != first:
            where = "" if kind is None or first is None else f" where the batch's first is {_shown(values[0])}"
            reason = f"the label {name!r} is {_shown(value)}{where}; labels are {_LABELS}"
            raise SourceError(reason, key=data.key(sample))
    if isinstance(first, int):
        return torch.tensor([[float(part) for part in value] for value in values], dtype=torch.float32)
    return _as_column(values)


def _shown(value: Any) -> str:
    return "None" if value is None else f"{value!r:.60} ({type(value).__name__})"


def _kind(value: Any) -> str | int | None:
    """What a label is: a string, a truth value, a number, or so many numbers."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool | np.bool_):
        return "truth value"
    if isinstance(value, Integral) and not _fits(value):
        return None
    if isinstance(value, Real):
        return "number"
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biuf":
        return len(value)
    if isinstance(value, Sequence) and all(isinstance(part, Real) for part in value):
        return len(value)
    return None
