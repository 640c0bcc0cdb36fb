"""Shards copied ahead of the batches that want them, as far as there is room for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import chain

import numpy as np

from impasto.batch import BatchKey
from impasto.errors import ImpastoError
from impasto.loading.parts.rows import rows_of
from impasto.sources import Source, Wanted

#: Batches that are looked at ahead where there is room for more.
_FAR = 4096


class CopiesAhead:
    """Begins to make the copies that the next batches want, before they do; nothing where nothing is read from copies.

    Args:
        data: The data set.
        keys: Of the batches, looked at ahead of them.
    """

    def __init__(self, data: Source, keys: Iterator[BatchKey]) -> None:
        self._data, self._keys = data, keys
        self._changed = threading.Condition()
        self._begun = self._ended = False
        self._passed = 0
        #: The copies that are wanted, and the last batch known to want each.
        self._wanted: dict[Wanted, int] = {}

    def begin(self) -> None:
        """Begins, the first time that it is called."""
        if self._begun:
            return
        self._begun = True
        if not self._data.copies:
            return
        # The first key begins the epoch, which is the business of the thread that asks for batches.
        keys = chain([first] if (first := next(self._keys, None)) is not None else [], self._keys)
        threading.Thread(target=self._run, args=(keys,), name="impasto-copies", daemon=True).start()

    def passed(self) -> None:
        """Says that a batch was yielded."""
        if self._begun and self._data.copies:
            with self._changed:
                self._passed += 1
                self._changed.notify_all()

    def told(self) -> str:
        """What is being copied for batches to come, in words."""
        told = [copy.told for copy in self._wanted.copy()]
        return ", ".join(one for one in told if one)

    def close(self) -> None:
        """Begins no further copies."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _run(self, keys: Iterator[BatchKey]) -> None:
        try:
            for step, key in enumerate(keys):
                rows = rows_of(self._data, np.asarray(key, np.int64))
                for copy in self._data.wanted(rows):
                    if not self._wait(copy, step):
                        return
                    if copy not in self._wanted:
                        # What was copied early and isn't read yet must outlast what was read since.
                        for other in self._wanted:
                            other.touch()
                        copy.begin()
                    self._wanted[copy] = step
        except ImpastoError:
            # The batch that wants these rows will raise it, in the thread that asks for it.
            return

    def _wait(self, copy: Wanted, step: int) -> bool:
        """Waits until there is room for a copy; whether anybody still wants it."""
        with self._changed:
            while not self._ended:
                self._wanted = {one: last for one, last in self._wanted.items() if last >= self._passed}
                taken = sum(one.nbytes for one in self._wanted)
                room = copy in self._wanted or not self._wanted or taken + copy.nbytes <= copy.room
                if room and step - self._passed < _FAR:
                    return True
                self._changed.wait()
            return False
