"""One iteration of a loader: a position of its own, and batches ahead of it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic

from impasto.batch import Batch, BatchKey
from impasto.errors import ImpastoError
from impasto.loading.batches import Yielded
from impasto.loading.epochs.keys import EpochKeys
from impasto.loading.running.parents import require_own
from impasto.loading.running.watching import Watch
from impasto.loading.running.work import Made
from impasto.loading.stats import Stats, Tally

if TYPE_CHECKING:
    from impasto.loading.running.copies import CopiesAhead
    from impasto.loading.sampler import BatchSampler

#: Makes the batches of keys, ahead of who takes them if it likes; begins with the first that is taken.
Maker = Callable[[Iterator[BatchKey]], Generator[Made, None, None]]


class Iteration(Iterator[Yielded], Generic[Yielded]):
    """The batches of the rest of an epoch; left anywhere, it ends what works for it.

    Args:
        sampler: Gives the keys.
        make: Makes the batches.
        judge: Called with each batch before it is given; may refuse it, which ends the iteration.
        yielded: Called with each batch; gives what is yielded.
        watch: Around each wait.
        tally: Counts what is given.
        copies: Makes what copies shards ahead of the batches, of the keys.
    """

    def __init__(
        self,
        sampler: BatchSampler,
        make: Maker,
        judge: Callable[[Batch], None],
        yielded: Callable[[Batch], Yielded],
        watch: Watch,
        tally: Tally,
        copies: Callable[[Iterator[BatchKey]], CopiesAhead],
    ) -> None:
        self._keys: EpochKeys = iter(sampler)
        self._batches = make(self._keys.ahead())
        self._judge, self._yielded = judge, yielded
        self._watch, self._tally = watch, tally
        self._process = os.getpid()
        #: What copies shards ahead of them.
        self.copies = copies(self._keys.ahead())
        # At the end of the process too, before the modules that it needs are taken apart.
        weakref.finalize(self, self._batches.close)
        weakref.finalize(self, self.copies.close)

    def __len__(self) -> int:
        """Batches that are left."""
        return len(self._keys)

    def __next__(self) -> Yielded:
        require_own(self._process)
        self.copies.begin()
        self._tally.ask()
        with self._watch:
            batch, cost = next(self._batches)
        try:
            self._judge(batch)
        except ImpastoError:
            self.close()
            raise
        self._tally.give(cost)
        self.copies.passed()
        try:
            yielded = self._yielded(batch)
        except BaseException:
            self.close()  # what comes next is the batch that could not be given: a state says so
            raise
        self._keys.advance()
        return yielded

    def stats(self) -> Stats:
        """What its batches have taken so far."""
        return self._tally.stats()

    def state_dict(self) -> dict[str, Any]:
        """Where this iteration stands, be it the loader's latest or not."""
        return self._keys.state_dict()

    def close(self) -> None:
        """Ends what works for it."""
        self.copies.close()
        self._batches.close()
