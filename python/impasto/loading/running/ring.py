"""Memory that a worker process writes batches into in place, and again once their reader has let them go."""

from __future__ import annotations

import os
import weakref
from typing import Any

from impasto.loading.running.buffers import Buffers, Bytes
from impasto.loading.running.slots import Slot
from impasto.messages import warn_once

#: Whether the system has memory that ends with the last process that has it (Linux).
AVAILABLE = hasattr(os, "memfd_create")

#: The slots of this process by where their bytes begin, as long as they live.
_slots: weakref.WeakValueDictionary[int, Slot] = weakref.WeakValueDictionary()


class Ring:
    """Hands out arrays of bytes that another process reads without a copy, and again once nothing refers to them.

    What is handed out is its user's alone, here and at the reader's, as long as a tensor or view of it lives: nothing
    that is held is ever written again. Beyond ``limit``, memory is fresh and ends with its user, so that nobody who
    keeps every batch waits for one. Nothing has a name in the file system; memory that the system does not give is told
    once, and then batches are copied.

    Args:
        limit: The most slots that are kept; as many are made as batches are under way at once.
    """

    def __init__(self, limit: int = 8) -> None:
        self.limit = limit
        self._own: list[Slot] = []
        self._plain = Buffers()

    def take(self, size: int) -> Bytes:
        """An array of ``size`` bytes, with whatever content."""
        try:
            slot = self._find(size)
        except OSError as error:
            warn_once(
                f"no shared memory for a worker's batches ({error}): they are copied; raise `ulimit -n` or the memory "
                "limit, or say shared=False",
                RuntimeWarning,
                key="no shared memory",
            )
            return self._plain.take(size)
        return slot.hand_out(size)

    def _find(self, size: int) -> Slot:
        idle = [slot for slot in self._own if slot.idle]
        for slot in idle:
            if slot.size >= size:
                return slot
        for slot in idle:  # all of them too small
            self._own.remove(slot)
        slot = Slot(size, lasting=len(self._own) < self.limit)
        if slot.lasting:
            self._own.append(slot)
        _slots[slot.body.ctypes.data] = slot
        return slot

    def __getstate__(self) -> dict[str, Any]:
        return {"limit": self.limit, "_own": [], "_plain": Buffers()}


def slot_at(address: int) -> Slot | None:
    """The slot whose bytes begin at an address."""
    return _slots.get(address)
