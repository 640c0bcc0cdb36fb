"""Where randomness comes from: one independent stream for every key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def stream(*key: str | int) -> np.random.Generator:
    """A random stream that depends on its key alone, not on what was drawn elsewhere.

    Args:
        key: The seed and what is drawn, such as ``stream(7, "scene", 12)``.
    """
    digest = hashlib.sha256(repr(key).encode()).digest()
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
