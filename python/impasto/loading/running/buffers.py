"""Memory for images that is used again: fresh pages cost a tenth of the time that a batch takes."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto.loading.running.loans import when_let_go

#: Bytes of a line of the caches, where memory that is handed out begins: kernels then write whole lines.
LINE = 64

Bytes = npt.NDArray[np.uint8]


class Buffers:
    """Hands out arrays of bytes, and again once nothing refers to them any more.

    An array, and every tensor or view made of it, is its user's alone as long as one of them lives.

    Args:
        limit: Idle arrays that are kept; those that come back beyond it are freed.
    """

    def __init__(self, limit: int = 4) -> None:
        self.limit = limit
        #: Those that came back; beyond the limit the one that was longest of no use goes.
        self._idle: deque[Bytes] = deque(maxlen=limit)

    def take(self, size: int) -> Bytes:
        """An array of ``size`` bytes, with whatever content."""
        whole = self._reuse(size)
        if whole is None:
            room = np.empty(size + LINE, np.uint8)
            whole = room[-room.ctypes.data % LINE :][:size]
        handed_out = whole[:]  # a view, whose end is noticed; what it views lives on
        when_let_go(handed_out, partial(self._idle.append, whole))
        return handed_out

    def _reuse(self, size: int) -> Bytes | None:
        for _ in range(len(self._idle)):
            try:
                # One step, so that two threads can't get the same array.
                whole = self._idle.popleft()
            except IndexError:
                return None
            if whole.size == size:
                return whole
            self._idle.append(whole)  # another view's
        return None

    def __getstate__(self) -> dict[str, Any]:
        return {"limit": self.limit, "_idle": deque(maxlen=self.limit)}
