"""What is asked of arguments."""

from __future__ import annotations

import os
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from impasto.errors import RecipeError

#: Epochs are numbered in so many bits, so that the number of a batch in its run fits into 64.
EPOCH_BITS = 31


def require(holds: bool, reason: str) -> None:
    """Raises a `RecipeError` unless a condition holds."""
    if not holds:
        raise RecipeError(reason)


def choice(name: str, value: object, known: Iterable[object]) -> None:
    """Requires one of the known values, which are names or None."""
    known = tuple(known)
    # Equality alone would take 1 for True, and an array's would not be one truth.
    if not any(type(value) is type(one) and value == one for one in known):
        raise RecipeError(f"{name}={value!r} is not known; use one of {', '.join(map(repr, known))}")


def flag(name: str, value: object) -> None:
    """Requires True or False, numpy's too."""
    require(type(value).__name__ in ("bool", "bool_"), f"{name}={value!r} must be True or False")


def instance(name: str, value: object, kind: type) -> None:
    """Requires a value of a kind."""
    require(isinstance(value, kind), f"{name} must be of kind {kind.__name__}, not {type(value).__name__} ({value!r})")


def path(name: str, value: object) -> str:
    """Requires a path, and gives it as text."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    require(isinstance(text, str), f"{name}={value!r} must be a path: text or a pathlib.Path")
    return str(text)


def plain_name(name: str, value: object) -> None:
    """Requires what the names of shards can begin with: a dot would end a sample's key, a slash would be a folder."""
    good = isinstance(value, str) and value != "" and not set(value) & set("./\\")
    require(good, f"{name}={value!r} must be a name without dots and slashes")


def texts(name: str, value: object) -> list[str]:
    """Requires a text or several, and gives them as a list."""
    several: list[Any] = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    require(all(isinstance(one, str) for one in several), f"{name}={value!r} must be a text, or a sequence of texts")
    return several


def probability(name: str, value: object) -> None:
    """Requires a number in [0, 1]."""
    require(is_number(value) and 0 <= value <= 1, f"{name}={value!r} must lie in [0, 1]")  # type: ignore[operator]


def at_least(least: int, **values: object) -> None:
    """Requires whole numbers that are not too small, given by their names."""
    for name, value in values.items():
        enough = is_count(value) and value >= least  # type: ignore[operator]
        require(enough, f"{name}={value!r} must be a whole number of at least {least}")


def is_number(value: object) -> bool:
    """Whether a value is a number, and not NaN."""
    return isinstance(value, Real) and not isinstance(value, bool) and float(value) == float(value)


def is_count(value: object) -> bool:
    """Whether a value is a whole number."""
    # Asking an abstract class takes longer than all else here, and nearly all are plain.
    return type(value) is int or (isinstance(value, Integral) and not isinstance(value, bool))


def is_triple(value: object) -> bool:
    """Whether a value is three numbers."""
    return isinstance(value, tuple | list) and len(value) == 3 and all(map(is_number, value))


def color(name: str, value: object) -> None:
    """Requires the red, green and blue of a color, as bytes."""
    whole = is_triple(value) and all(is_count(one) and 0 <= one <= 255 for one in value)  # type: ignore[attr-defined]
    require(whole, f"{name}={value!r} must be three whole numbers in 0..255")


def interval(name: str, value: Any, low: float, high: float) -> None:
    """Requires a pair (smallest, largest) in (low, high]."""
    well_formed = isinstance(value, tuple | list) and len(value) == 2 and all(map(is_number, value))
    require(well_formed, f"{name}={value!r} must be a pair of numbers (smallest, largest)")
    smallest, largest = value
    require(smallest <= largest, f"{name}={value!r} is reversed; write ({largest}, {smallest})")
    require(low < smallest and largest <= high, f"{name}={value!r} must lie in ({low}, {high}]")


def whole(name: str, value: object, *, bits: int) -> None:
    """Requires a whole number of so many bits, from 0 on."""
    holds = is_count(value) and 0 <= value < 2**bits  # type: ignore[operator]
    require(holds, f"{name}={value!r} must be a whole number in 0..2**{bits}-1")
