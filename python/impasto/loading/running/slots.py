"""Memory of a batch that a worker process writes and another process reads, seen from both sides."""

from __future__ import annotations

import mmap
import multiprocessing
import operator
import os
import secrets
import threading
import weakref
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from impasto.errors import InternalError, WorkerLostError
from impasto.loading.running.buffers import Bytes
from impasto.loading.running.loans import when_let_go

#: The head's first byte says that the reader keeps its mapping; each of the others that one sending was let go.
_HEAD = 4096
_KEPT = 0

#: Shared and, where the system can, mapped at once instead of page by page.
_FLAGS = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)


class Slot:
    """The writer's side: anonymous memory (a memfd), which ends with the last process that has it, however that ends.

    Args:
        size: Bytes.
        lasting: Whether it is written again, so that the reader keeps it mapped.

    Raises:
        OSError: If there is no such memory.
    """

    def __init__(self, size: int, *, lasting: bool) -> None:
        self.size, self.lasting = size, lasting
        self.token = secrets.token_bytes(8)
        self.file = os.memfd_create("impasto-batch", os.MFD_CLOEXEC)
        weakref.finalize(self, os.close, self.file).atexit = False
        # What is missing is missed here, where it can be told, and not when a page is written.
        os.posix_fallocate(self.file, 0, _HEAD + size)
        self._head, self.body = _views(self.file, size)
        self._written = False
        self._sent: set[int] = set()
        self._last = 0
        self._lock = threading.Lock()

    @property
    def kept(self) -> bool:
        """Whether the reader has it mapped."""
        return bool(self._head[_KEPT])

    @property
    def idle(self) -> bool:
        """Whether nothing refers to it, here or at the reader's."""
        if self._written:
            return False
        with self._lock:
            for mark in [mark for mark in self._sent if self._head[mark]]:
                self._head[mark] = 0
                self._sent.remove(mark)
            return not self._sent

    def hand_out(self, size: int) -> Bytes:
        """Its first bytes, to be written."""
        self._written = True
        handed_out = self.body[:size]
        weakref.finalize(handed_out, self._let_go).atexit = False
        return handed_out

    def _let_go(self) -> None:
        self._written = False

    def send(self) -> int | None:
        """Notes that it goes to the reader; returns the mark that tells when it is let go, if one is left."""
        with self._lock:
            if len(self._sent) >= _HEAD - 1:
                return None
            while True:
                self._last = self._last % (_HEAD - 1) + 1
                if self._last not in self._sent:
                    self._sent.add(self._last)
                    return self._last


class Mapped:
    """The reader's side."""

    def __init__(self, file: int, size: int) -> None:
        self._head, self._body = _views(file, size)

    def hand_out(self, mark: int) -> Bytes:
        """All its bytes; once nothing refers to them any more, the writer may have them again."""
        handed_out = self._body[:]
        then = partial(operator.setitem, self._head, mark, 1)
        vars(then)["of"] = self  # which is found again as long as somebody has it
        when_let_go(handed_out, then)
        return handed_out

    def keep(self) -> None:
        """Tells the writer that it need not be sent again."""
        self._head[_KEPT] = 1


def _views(file: int, size: int) -> tuple[Bytes, Bytes]:
    memory = mmap.mmap(file, _HEAD + size, flags=_FLAGS)
    return np.frombuffer(memory, np.uint8, _HEAD), np.frombuffer(memory, np.uint8, size, offset=_HEAD)


#: What this process has mapped, and what it keeps mapped as long as a worker's `Process` lives.
_mapped: weakref.WeakValueDictionary[bytes, Mapped] = weakref.WeakValueDictionary()
_kept: weakref.WeakKeyDictionary[BaseProcess, dict[bytes, Mapped]] = weakref.WeakKeyDictionary()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.clear)


def map_slot(token: bytes, size: int, file: Any, worker: int | None) -> Mapped:
    """The memory of a slot, in the reader.

    Args:
        token: Its name.
        size: Bytes.
        file: What `multiprocessing` sends for a file; None where the slot is kept.
        worker: The process that it comes from, if it will come again.

    Raises:
        WorkerLostError: If the process that has it has ended.
    """
    mapped = _mapped.get(token)
    if file is not None:
        try:
            number = file.detach()
        except (OSError, EOFError) as error:
            reason = "a worker process ended before its batch was taken; see what ended it (often a lack of memory)"
            raise WorkerLostError(reason) from error
        try:
            mapped = mapped or Mapped(number, size)
        finally:
            os.close(number)
    if mapped is None:
        raise InternalError("a worker's batch came without its memory", path="memory")
    _mapped[token] = mapped
    if file is not None and worker is not None:
        # A worker that is not our child ends unnoticed: what is its own is mapped each time.
        child = next((child for child in multiprocessing.active_children() if child.pid == worker), None)
        if child is not None:
            _kept.setdefault(child, {})[token] = mapped
            mapped.keep()
    return mapped
