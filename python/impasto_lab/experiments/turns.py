"""Runs that share a folder, each in its turn."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Waits until no other run is in such a context of the same folder; each has its turn, by a lock of the system.

    Raises:
        OSError: If the lock's file, ``.turn``, can't be written; it goes when the context ends.
    """
    path = folder / ".turn"
    descriptor = _locked(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int:
    """The file at a path, open, with a lock on it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)  # its holder was done, and removed it, between our two calls
