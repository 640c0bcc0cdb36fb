"""Files and folders that appear when they are complete: written aside, then put in their place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def sync(path: Path) -> None:
    """Waits until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
