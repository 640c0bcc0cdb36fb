"""The order in which an epoch visits its samples."""

from __future__ import annotations

from impasto import _core
from impasto.checks import is_count
from impasto.errors import RecipeError


def permutation(length: int, *, seed: int = 0, epoch: int = 0) -> _core.Permutation:
    """A random order of ``range(length)`` in O(1) memory, whatever the length.

    A Feistel network keyed by (seed, epoch), walking back into the range (Black and Rogaway 2002).

    Args:
        length: Number of samples.
        seed: The run's seed.
        epoch: The epoch.

    Returns:
        An indexable order: ``order[position]`` is a sample; ``order.take(positions)`` maps an int64 array.

    Raises:
        RecipeError: If the length or a key is negative.

    Examples:
        >>> sorted(permutation(10, seed=3)[i] for i in range(10))
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        >>> permutation(400_000_000)[123_456_789] < 400_000_000
        True
    """
    if (
        not all(map(is_count, (length, seed, epoch)))
        or min(length, seed, epoch) < 0
        or max(length, seed, epoch) >= 2**63
    ):
        raise RecipeError(f"length={length}, seed={seed} and epoch={epoch} must lie in 0..2**63-1")
    return _core.Permutation(length, seed, epoch)
