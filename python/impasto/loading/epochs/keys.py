"""What is left of one epoch: an iterator with an epoch and a position of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from impasto.batch import BatchKey
from impasto.loading.epochs.layout import Layout, Place, Position


class Order(Protocol):
    """Whose keys they are: `impasto.BatchSampler`."""

    def key_of(self, epoch: int, place: Place) -> BatchKey:
        """The key of a batch at a place of an epoch's order."""
        ...

    @property
    def upcoming(self) -> Position:
        """Where the next iteration begins."""
        ...

    def follow(self, keys: EpochKeys) -> None:
        """Takes an iteration for the latest; the next epoch is the one after its own."""
        ...

    def state_at(self, position: Position) -> dict[str, Any]:
        """The state of a run that stands at a position."""
        ...

    def position_of(self, state: Mapping[str, Any]) -> Position:
        """The position that a state names."""
        ...


class EpochKeys(Iterator[BatchKey]):
    """The keys of the rest of an epoch, which is taken with the first key: a later ``set_epoch`` is for others.

    Until then it is whatever comes next. DataLoaders with workers ask for two iterators and use one; Lightning asks for
    one to see whether there is any, and names the epoch afterwards.

    Args:
        sampler: Whose batches they are.
        layout: Where they lie.
        ranks: Whose they are: this process's, or all in turn.

    Raises:
        CheckpointError: If the position lies between two batches.
    """

    def __init__(self, sampler: Order, layout: Layout, ranks: range) -> None:
        self._sampler, self._layout, self._ranks = sampler, layout, ranks
        self._begun = False
        self._place(sampler.upcoming)

    def _place(self, position: Position) -> None:
        self.start = position
        self._round, self._since = self._layout.resume(position.samples)
        self.taken = 0

    def _begin(self) -> None:
        if not self._begun:
            self._look()
            self._begun = True
            self._sampler.follow(self)

    def _look(self) -> None:
        if not self._begun and self.start != self._sampler.upcoming:
            self._place(self._sampler.upcoming)

    @property
    def epoch(self) -> int:
        """Their epoch."""
        self._look()
        return self.start.epoch

    @property
    def position(self) -> Position:
        """Where the epoch stands after the keys taken so far, in whole rounds of all ranks."""
        self._look()
        rounds = self.taken // len(self._ranks)
        return Position(self.epoch, self._layout.taken(self._round + rounds)) if rounds else self.start

    def __len__(self) -> int:
        """Keys that are left."""
        return self._count - self.taken

    @property
    def _count(self) -> int:
        self._look()
        return (self._layout.rounds - self._round) * len(self._ranks)

    def __next__(self) -> BatchKey:
        self._begin()
        if not len(self):
            raise StopIteration
        key = self._key(self.taken)
        self.taken += 1
        return key

    def ahead(self) -> Iterator[BatchKey]:
        """The keys that are left, looked at before they are taken: the position stays."""
        self._begin()
        for place in range(self.taken, self._count):
            yield self._key(place)

    def advance(self) -> None:
        """Takes a key that was looked at before."""
        self.taken += 1

    def _key(self, place: int) -> BatchKey:
        rounds, turn = divmod(place, len(self._ranks))
        place_of = self._layout.place(self._round + rounds, self._ranks[turn], self._since)
        return self._sampler.key_of(self.epoch, place_of)

    def state_dict(self) -> dict[str, Any]:
        """Where this iteration stands, be it the latest of its sampler or not; perhaps at the end of its epoch."""
        return self._sampler.state_at(self.position)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where another iteration stood, at the end of an epoch with nothing; the sampler's next comes after.

        Raises:
            CheckpointError: If the state doesn't fit; the message says how.
        """
        self._place(self._sampler.position_of(state))
        self._begun = True
        self._sampler.follow(self)
