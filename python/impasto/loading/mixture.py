"""Data sets mixed in proportions: which sample comes at which position of the run is arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.checks import is_count, is_number, require
from impasto.loading.epochs.proportions import Proportions
from impasto.loading.epochs.windows import Windows
from impasto.sources import Concatenation, Source
from impasto.streams import stream

#: Positions among which the order of the members is drawn; each such window has its members' shares exactly.
_WINDOW = 1024

#: Samples that an epoch may have.
_MOST = 2**62

_WEIGHTS = "give each source a weight above 0: Mixture({a: 0.7, b: 0.3})"


class Mixture(Concatenation):
    """Data sets drawn from in proportions: ``Loader(Mixture({photos: 0.7, drawings: 0.3}), recipe, batch_size=256)``.

    Nothing is random but by the run's seed, and nothing is remembered: the sample at a position is computed from (seed,
    epoch, position), so that resuming, ranks and workers change nothing.

    - Shares are exact: after any number of windows of 1,024 positions, counted over the whole run, each member has
      been drawn from as often as whole samples allow (Webster's apportionment). Within a window the members' order is
      drawn anew.
    - A member gives all of its samples, in an order drawn for each pass, before it gives one again, whatever the
      epochs' borders. What comes twice in an epoch is cropped, captioned and tagged by draws of its own.
    - Without ``shuffle`` members alternate as evenly as their weights allow, each in its own order.

    Keys, captions, labels and facts stay the members'; ``batch.samples`` are rows of the members one behind the other,
    as `impasto.sources.concat` numbers them. Only `Loader` and ``BatchSampler(dataset, ...)`` know of the weights:
    joined with others, cut apart or evaluated on (`Loader.evaluation`), a mixture is its rows, each once.

    Args:
        members: Sources and their weights, as a mapping or as pairs; weights are shares once divided by their sum.
        epoch: Samples of an epoch: a number; or until the member that takes ``"longest"`` (or ``"shortest"``) to be
            seen whole has been, once.

    Raises:
        RecipeError: If there are no members, one is no source or empty, a weight makes no sense, or an epoch
            is of more than 2**62 samples.

    Examples:
        >>> import impasto
        >>> cats = impasto.sources.Sequence([(b"...", f"cat {n}") for n in range(6)])
        >>> dogs = impasto.sources.Sequence([(b"...", f"dog {n}") for n in range(4)])
        >>> mixture = Mixture({cats: 3, dogs: 1})
        >>> mixture.epoch_length  # all 4 dogs, and 12 cats
        16
    """

    def __init__(
        self,
        members: Mapping[Source, float] | Iterable[tuple[Source, float]],
        *,
        epoch: Literal["longest", "shortest"] | int = "longest",
    ) -> None:
        given = members.items() if isinstance(members, Mapping) else members
        pairs: list[Any] = [*given] if isinstance(given, Iterable) and not isinstance(given, Source) else [given]
        paired = all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)
        require(paired, f"members={members!r} are no sources with weights; {_WEIGHTS}")
        super().__init__(tuple(source for source, _ in pairs))
        for source, weight in pairs:
            usable = is_number(weight) and 0 < weight < math.inf
            require(usable, f"the weight of {source!r} is {weight!r}; {_WEIGHTS}")
            require(len(source) > 0, f"{source!r} has no rows to draw from; leave it out")
        total = math.fsum(weight for _, weight in pairs)
        #: The members' shares, which sum to 1.
        self.shares = tuple(float(weight) / total for _, weight in pairs)
        self._lengths = tuple(len(source) for source in self.members)
        #: Samples of an epoch.
        self.epoch_length = self._length(epoch)
        self._description = f"{self._description}, shares={tuple(round(share, 6) for share in self.shares)}"

    def _length(self, epoch: Literal["longest", "shortest"] | int) -> int:
        # A hair less than the quotient, so that 7 / 0.7 is 10 in spite of its binary fraction.
        once = [
            math.ceil(min(rows / share, 2 * _MOST) - 1e-6) if share else 2 * _MOST
            for rows, share in zip(self._lengths, self.shares, strict=True)
        ]
        named = {"longest": max(once), "shortest": min(once)}
        known = (is_count(epoch) and int(epoch) >= 1) or (isinstance(epoch, str) and epoch in named)
        require(known, f"epoch={epoch!r} must be 'longest', 'shortest' or a number of samples")
        samples = named[epoch] if isinstance(epoch, str) else int(epoch)
        reason = f"an epoch of epoch={epoch!r} is of more than 2**62 samples by shares={self.shares}"
        require(samples <= _MOST, f"{reason}; give weights nearer to each other, or a number for epoch=")
        return samples

    def rows(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows that ids from `at` stand for: an id counts repetitions within its epoch besides."""
        return np.where(ids < 0, ids, ids % len(self))

    def windowed(self, window: int) -> tuple[Windows, ...]:
        """For each member, orders in which so many of its shards are open at once.

        Raises:
            RecipeError: If the rows of a member lie in no shards.
        """
        return tuple(Windows.of(member, window) for member in self.members)

    def at(
        self,
        positions: npt.NDArray[np.int64],
        *,
        seed: int,
        epoch: int,
        shuffle: bool,
        windows: Sequence[Windows] | None = None,
    ) -> npt.NDArray[np.int64]:
        """What is drawn at positions of an epoch.

        Args:
            positions: int64 [N], each in ``[0, epoch_length)``.
            seed: The run's.
            epoch: The epoch.
            shuffle: Whether the order is random.
            windows: What `windowed` gave, where members are shuffled so.

        Returns:
            int64 [N]: ``repetition * len(self) + row``, which is what the sample's own draws are keyed by.
        """
        ids = np.empty(len(positions), np.int64)
        turns = positions // _WINDOW
        for window in np.unique(turns).tolist():
            asked = turns == window
            members, draws = _window(self.shares, self.epoch_length, seed, epoch, window, shuffle)
            places = positions[asked] - window * _WINDOW
            ids[asked] = self._drawn(members[places], draws[places], seed, epoch, shuffle, windows)
        return ids

    def _drawn(
        self,
        members: npt.NDArray[np.int64],
        draws: npt.NDArray[np.int64],
        seed: int,
        epoch: int,
        shuffle: bool,
        windows: Sequence[Windows] | None,
    ) -> npt.NDArray[np.int64]:
        """The ids of what members give at their running numbers of draws."""
        ids = np.empty(len(members), np.int64)
        begun = Proportions(self.shares).counts(epoch * self.epoch_length)
        for member in np.unique(members).tolist():
            asked, length = members == member, self._lengths[member]
            passes, rows = np.divmod(draws[asked], length)
            if shuffle:
                own = _seed_of(seed, member)
                for number in np.unique(passes).tolist():
                    one = passes == number
                    if windows is None:
                        rows[one] = _core.Permutation(length, own, number).take(rows[one])
                    else:
                        rows[one] = windows[member].take(rows[one], seed=own, epoch=number)
            ids[asked] = (passes - begun[member] // length) * len(self) + self._begin(member) + rows
        return ids


@lru_cache(maxsize=256)
def _seed_of(seed: int, member: int) -> int:
    """What the passes of a member are ordered by: members of one length must not go in step."""
    return int(stream(seed, "mixture", member).integers(2**64, dtype=np.uint64))


@lru_cache(maxsize=4)
def _window(
    shares: tuple[float, ...], length: int, seed: int, epoch: int, window: int, shuffle: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The members that come in a window, int64 [W], and the running number of each one's draw, int64 [W]."""
    first = window * _WINDOW
    begin, count = epoch * length + first, min(_WINDOW, length - first)
    proportions = Proportions(shares)
    members = np.asarray(proportions.turns(begin, count), np.int64)
    if shuffle:
        members = stream(seed, "mixture", epoch, window).permutation(members)
    draws = np.empty(count, np.int64)
    for member, drawn in enumerate(proportions.counts(begin)):
        own = members == member
        draws[own] = drawn + np.arange(int(own.sum()))
    return members, draws
