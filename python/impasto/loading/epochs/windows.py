"""A shuffled order in which few shards are open at once: arithmetic over keyed permutations."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.errors import RecipeError
from impasto.streams import stream

Rows = npt.NDArray[np.int64]


_WITH_SHARDS = (
    "data in shards, in their order: WebDataset, Parquet (row groups), Arrow (batches of rows), Lmdb (ranges of keys), "
    "or a concat or Mixture of these alone; and the BatchDataset of them"
)


class Sharded(Protocol):
    """What may lie in shards."""

    def borders(self) -> Rows | None:
        """Where shards begin in the rows, and the last one ends; None where there are none."""
        ...


class WindowedOrder:
    """The order of an epoch, drawn from a window that moves over shuffled shards.

    The S shards are put in a circle in a random order, and the rows of each, in a random order, are cut into W parts.
    Round r takes the first part of the r-th shard of the circle, the second of the one before, and so on, and shuffles
    them together. So W shards are open at any time, one new one comes in each round, every shard is open for W rounds,
    and every row comes once. With W = 1 shards come one after another; the larger W is, the nearer the order is to that
    of all rows shuffled together. The W - 1 shards that are open where an epoch begins come again at its end.

    What comes at a position is computed, nothing is remembered; all is keyed by (seed, epoch).

    Args:
        borders: Where shards begin in the rows, and the last one ends, int64 [S + 1].
        window: Shards that are open at once; at most S are.
        seed: The run's.
        epoch: The epoch.
    """

    def __init__(self, borders: Rows, window: int, seed: int, epoch: int) -> None:
        begins, sizes = borders[:-1], np.diff(borders)
        begins, sizes = begins[sizes > 0], sizes[sizes > 0]
        count = len(sizes)
        rng = stream(seed, "shards", epoch)
        circle = rng.permutation(count)
        self._begins, self._sizes = begins[circle], sizes[circle]
        self.window = min(window, count)
        self._keys = rng.integers(2**64, size=(2, count), dtype=np.uint64)
        counts = np.zeros(count, np.int64)
        for part in range(self.window):
            counts += np.roll(self._cut(part + 1) - self._cut(part), part)
        #: Where rounds begin in the order, and the last one ends, int64 [S + 1].
        self.rounds: Rows = np.concatenate([[0], np.cumsum(counts)])

    def _cut(self, part: int) -> Rows:
        """Where a part of each shard begins in the shard's own order."""
        cut: Rows = self._sizes * part // self.window
        return cut

    def take(self, positions: Rows) -> Rows:
        """The rows at positions.

        Args:
            positions: int64 [N], each in ``[0, rows)``.

        Returns:
            int64 [N].
        """
        rows = np.empty(len(positions), np.int64)
        rounds = np.searchsorted(self.rounds, positions, side="right") - 1
        for number in np.unique(rounds).tolist():
            asked = rounds == number
            rows[asked] = self._in_round(number, positions[asked] - self.rounds[number])
        return rows

    def _in_round(self, number: int, places: Rows) -> Rows:
        """The rows at places of a round."""
        count, parts = len(self._sizes), np.arange(self.window)
        shards = (number - parts) % count
        first = self._sizes[shards] * parts // self.window
        ends = np.cumsum(self._sizes[shards] * (parts + 1) // self.window - first)
        mixed = _core.Permutation(int(ends[-1]), int(self._keys[0, number]), 0).take(places)
        owners = np.searchsorted(ends, mixed, side="right")
        rows = np.empty(len(places), np.int64)
        for owner in np.unique(owners).tolist():
            own, shard = owners == owner, shards[owner]
            before = ends[owner - 1] if owner else 0
            order = _core.Permutation(int(self._sizes[shard]), int(self._keys[1, shard]), 0)
            rows[own] = self._begins[shard] + order.take(mixed[own] - before + first[owner])
        return rows


class Windows:
    """The windowed orders of a data set's epochs.

    Args:
        borders: Where shards begin in the rows, and the last one ends, int64 [S + 1].
        window: Shards that are open at once.
    """

    def __init__(self, borders: Rows, window: int) -> None:
        self._borders = borders
        self._window = window
        self._of = lru_cache(maxsize=2)(self._order)

    @classmethod
    def of(cls, data: Sharded | None, window: int) -> Windows:
        """The orders of a data set; None is one of which only the length is known.

        Raises:
            RecipeError: If its rows lie in no shards.
        """
        borders = None if data is None else data.borders()
        if borders is None:
            raise RecipeError(f"shuffle='shards' needs {_WITH_SHARDS}; with {data or 'a length'!s} use shuffle=True")
        return cls(borders, window)

    def __reduce__(self) -> tuple[type[Windows], tuple[Rows, int]]:
        return Windows, (self._borders, self._window)

    def _order(self, seed: int, epoch: int) -> WindowedOrder:
        return WindowedOrder(self._borders, self._window, seed, epoch)

    def take(self, positions: Rows, *, seed: int, epoch: int) -> Rows:
        """The rows at positions of an epoch."""
        return self._of(seed, epoch).take(positions)

    @property
    def fact(self) -> str:
        """What a state says of it: shards cut otherwise have other orders."""
        cut = hashlib.blake2b(self._borders.astype("<i8").tobytes(), digest_size=4).hexdigest()
        return f"shards, window {self._window} of {len(self._borders) - 1}, cut {cut}"
