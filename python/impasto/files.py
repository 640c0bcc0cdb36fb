"""Files and folders that appear when they are complete: written aside, then put in their place."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from impasto.errors import SourceError


def aside(path: str | os.PathLike[str]) -> Path:
    """Where a file or folder is written before it gets its name."""
    place = Path(path)
    return place.with_name(place.name + ".partial")


@contextmanager
def new_file(path: str | os.PathLike[str], *, durable: bool = False) -> Iterator[Path]:
    """A file that appears when it is complete: the yielded path takes its place when the context ends well.

    Args:
        path: The file; one that is there is replaced.
        durable: Whether the bytes are on the disk before the file gets its name.

    Raises:
        OSError: If it can't be written; what was written aside is removed.
    """
    partial = aside(path)
    try:
        yield partial
        if durable:
            sync(partial)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(path: str | os.PathLike[str], *, durable: bool = False) -> Iterator[Path]:
    """A folder that appears when it is complete: the yielded one, empty, takes its place when the context ends well.

    Args:
        path: The folder; one that is there is replaced.
        durable: Whether the bytes of its files are on the disk before the folder gets its name.

    Raises:
        OSError: If it can't be written.
    """
    partial = aside(path)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    if durable:
        for file in partial.rglob("*"):
            if file.is_file():
                sync(file)
    if Path(path).exists():
        shutil.rmtree(path)
    partial.rename(path)


def read_regular(path: str | os.PathLike[str], *, most: int) -> bytes:
    """Reads a file whole, if it is one: a pipe or a device would block, or never end.

    Args:
        path: The file, or a link to one.
        most: The largest number of bytes that is read.

    Raises:
        SourceError: If it is missing, no regular file, larger than ``most``, or can't be read.
    """
    name = os.fspath(path)
    try:
        # Without O_NONBLOCK opening a pipe waits for somebody who writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise SourceError("it is no regular file; name the file itself", path=name)
            if status.st_size > most:
                reason = f"it has {status.st_size} bytes, more than the {most} that are read; raise the limit"
                raise SourceError(reason, path=name)
            return file.read(most + 1)[:most]
    except SourceError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"the file cannot be read: {reason}", path=name) from error


def sync(path: Path) -> None:
    """Waits until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
