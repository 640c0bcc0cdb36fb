"""Who works in a folder: one run at a time, known by name, forgotten when it is gone."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from impasto.errors import JobError
from impasto.jobs.running.worker import WATCH

#: The file that says who works in a folder, while somebody does.
RUNNING = "running.json"


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps other runs out of a folder while the context lasts.

    A lock of the operating system decides, which ends with the process however that ends; the file says who holds it.
    What a run left that was killed on this machine is taken over.

    Raises:
        JobError: If another run works there, or one on another machine may.
        OSError: If the file can't be written.
    """
    path = folder / RUNNING
    descriptor = _locked(path)
    try:
        _sign(path, descriptor)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    """The file at a path, open, with a lock on it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _holder(descriptor)
            os.close(descriptor)
            reason = f"{_named(who)} works in this folder; wait until it is done, or choose another folder"
            raise JobError(reason, path=str(path)) from None
        except OSError:
            pass  # a file system without locks: what the file says must do
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)  # its holder was done, and removed it, between our two calls


def _sign(path: Path, descriptor: int) -> None:
    """Writes down who holds the lock, unless the last holder may be at work in spite of it."""
    host, who = socket.gethostname(), _holder(descriptor)
    if who.get("host", host) != host:  # not every file system tells other machines of a lock
        raise JobError(f"{_named(who)} works in this folder; if it has ended, remove this file", path=str(path))
    if who:
        time.sleep(5 * WATCH)  # it was killed, and its workers may be about to notice
    since = datetime.now(UTC).isoformat(timespec="seconds")
    content = json.dumps({"pid": os.getpid(), "host": host, "since": since}) + "\n"
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content.encode(), 0)


def _holder(descriptor: int) -> dict[str, Any]:
    """What the file says: ``pid``, ``host`` and ``since``; nothing where it is being written or is damaged."""
    with suppress(ValueError):
        who = json.loads(os.pread(descriptor, 4096, 0))
        if isinstance(who, dict) and {"pid", "host", "since"} <= who.keys():
            return who
    return {}


def _named(who: dict[str, Any]) -> str:
    if not who:
        return "another process"
    return f"process {who['pid']} on {who['host']}, since {who['since']},"
