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
        OSError: If the lock's file, ``.turn``, can't be written; it stays.
    """
    descriptor = os.open(folder / ".turn", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
