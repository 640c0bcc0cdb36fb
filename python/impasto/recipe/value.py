"""What all frozen values of a recipe have in common."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any


class Value:
    """A frozen dataclass with Python's own numbers, whoever's they were, and tuples: printed, compared, written alike.

    A value with a ``__post_init__`` of its own calls this one first.
    """

    def __post_init__(self) -> None:
        for name, value in vars(self).copy().items():
            object.__setattr__(self, name, _as_python(value))


def _as_python(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (tuple, list):
        return tuple(map(_as_python, value))
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    return bool(value) if type(value).__name__ in ("bool", "bool_") else value  # numpy's, by whichever name it has
