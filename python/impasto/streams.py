"""Where randomness comes from: one independent stream for every key."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def stream(*key: str | int) -> np.random.Generator:
    """A random stream that depends on its key alone, not on what was drawn elsewhere.

    Args:
        key: The seed and what is drawn, such as ``stream(7, "scene", 12)``. Whole numbers are those that they are,
            whether Python's or numpy's.

    Raises:
        TypeError: If a part of the key is neither text nor a whole number.

    Examples:
        >>> stream(7, "scene", np.int64(12)).random() == stream(7, "scene", 12).random()
        True
    """
    parts = tuple(part if isinstance(part, str) else operator.index(part) for part in key)
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


def counted(*key: int) -> np.random.Generator:
    """A random stream for a seed and a count, such as the number of calls: ``counted(seed, 12)``.

    Keys of other lengths may meet (numpy reads zeros behind a key's last number as nothing); where a key has more than
    a seed and a count, `stream` tells all keys apart.

    Args:
        key: Whole numbers, none negative.
    """
    return np.random.default_rng(list(key))


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices, as likely as any other."""
    return choices[int(rng.integers(len(choices)))]


def shuffled(rng: np.random.Generator, choices: Sequence[T]) -> list[T]:
    """The choices in a random order."""
    return [choices[place] for place in rng.permutation(len(choices)).tolist()]
