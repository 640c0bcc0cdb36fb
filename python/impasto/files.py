"""Files and folders that appear when they are complete: written aside, then put in their place."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

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
def writing(what: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Names what could not be written, where and why: a disk that is full, a limit of files' size, a folder gone.

    Args:
        what: Such as "the report".
        path: Its file.

    Raises:
        SourceError: For any OSError inside of the context that is none of impasto's own.
    """
    try:
        yield
    except SourceError:
        raise
    except OSError as error:
        reason = f"{what} can't be written: {error.strerror or error}; check the folder and its disk"
        raise SourceError(reason, path=os.fspath(path)) from error


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


@contextmanager
def open_regular(path: str | os.PathLike[str], mode: Literal["rb", "ab"] = "rb") -> Iterator[BinaryIO]:
    """Opens a file, if it is one: a pipe would block, a device may never end.

    Args:
        path: The file, or a link to one.
        mode: ``"rb"`` reads it, ``"ab"`` appends to it and makes it if there is none.

    Raises:
        SourceError: If it is missing, no regular file, or can't be opened, read or written.
    """
    name, done = os.fspath(path), "read" if mode == "rb" else "written"
    flags = os.O_RDONLY if mode == "rb" else os.O_WRONLY | os.O_APPEND | os.O_CREAT
    # Without O_NONBLOCK opening a pipe waits for somebody at its other end.
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if "\0" in name:
        raise SourceError("a path can't hold a zero byte; check the path", path=name)
    try:
        # Asked before, since to open a device may do something, and after, since it may be another file by then.
        if mode == "rb" or Path(path).exists():
            _require_regular(Path(path).stat(), name, done)
        number = os.open(path, flags, 0o666)
        with os.fdopen(number, mode) as file:
            _require_regular(os.fstat(number), name, done)
            yield file
    except FileNotFoundError:
        raise SourceError("the file does not exist; check the path", path=name) from None
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(f"the file cannot be {done}: {error.strerror or error}", path=name) from error


def require_regular(path: str | os.PathLike[str]) -> None:
    """Requires a regular file, for those that are opened elsewhere by their path.

    Raises:
        SourceError: If it is missing, no regular file, or can't be opened.
    """
    with open_regular(path):
        pass


def read_regular(path: str | os.PathLike[str], *, most: int) -> bytes:
    """Reads a regular file whole.

    Args:
        path: The file, or a link to one.
        most: The largest number of bytes that is read.

    Raises:
        SourceError: If it is missing, no regular file, larger than ``most``, or can't be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            reason = f"it has {size} bytes, more than the {most} that are read; raise the limit"
            raise SourceError(reason, path=os.fspath(path))
        return file.read(most + 1)[:most]


def _require_regular(status: os.stat_result, path: str, done: str) -> None:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_IFDIR: "directory", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    what = kinds.get(stat.S_IFMT(mode), "device")
    raise SourceError(f"the file cannot be {done}: it is a {what}, not a regular file", path=path)


def sync(path: Path) -> None:
    """Waits until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
