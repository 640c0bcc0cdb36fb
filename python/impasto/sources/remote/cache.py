"""A folder of copies: whole or not there, locked while they are read, the least recently used dropped for new ones."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from impasto.errors import ImpastoError, RecipeError, SourceError
from impasto.files import aside
from impasto.messages import warn_once

#: What copies are called, besides their own names.
ENDING = ".copy"
_LOCK = "impasto-cache.lock"
#: Seconds between two looks at what another process holds.
_POLL = 0.02
#: How often a copy is begun that somebody removes while it is written.
_TRIES = 3

#: Descriptors with locks of this process: a child that inherited one would hold its lock as well.
_locked: set[int] = set()


def _let_go() -> None:
    while _locked:
        with suppress(OSError):
            os.close(_locked.pop())


os.register_at_fork(after_in_child=_let_go)


class Copy(NamedTuple):
    """A copy of one version of a shard, which may be there or not.

    Attributes:
        name: The file's name, one for each version of each shard.
        modified: The file's time in nanoseconds, set when its last byte is written: it stands for the version.
        size: Bytes, where they are known before.
    """

    name: str
    modified: int
    size: int | None


#: Takes room for a copy: so many bytes in all.
Reserve = Callable[[int], None]
#: Writes a copy's bytes to a file; before it does, it reserves the room for them.
Fill = Callable[[BinaryIO, Reserve], None]


class _LostError(Exception):
    """What is being written was removed meanwhile."""


class Pin:
    """A copy that is there, and stays while this is open."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor: int | None = descriptor
        self._path = path
        self._process = os.getpid()

    @property
    def lost(self) -> bool:
        """Whether somebody removed the copy all the same, who asks for no locks."""
        return self._descriptor is None or not _is_at(self._path, self._descriptor)

    def close(self) -> None:
        """Lets the copy be dropped."""
        if self._descriptor is not None and self._process == os.getpid():
            _unlock(self._descriptor)
        self._descriptor = None

    def __enter__(self) -> Pin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class Cache:
    """Copies in a folder that any number of processes share, each safe from the others by locks of the system.

    Locks end with their process, however that ends, so that nothing has to be tidied up after a kill.

    Args:
        folder: The folder, on a file system with locks; it is made when something is written.
        most: Bytes that copies may take, as long as what is being read takes no more.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.most = most

    def path(self, copy: Copy) -> Path:
        """Where a copy lies, if it does."""
        return self.folder / (copy.name + ENDING)

    def pinned(self, copy: Copy) -> Pin | None:
        """Keeps a copy from being dropped, and makes it the last to be; None if it isn't there, whole."""
        path = self.path(copy)
        while True:
            try:
                descriptor = _opened(path, os.O_RDONLY)
            except FileNotFoundError:
                return None
            if not _try(descriptor, fcntl.LOCK_SH):  # it is being dropped, or was completed just now
                _unlock(descriptor)
                time.sleep(_POLL)
                continue
            status = os.fstat(descriptor)
            if not _is_at(path, descriptor):
                _unlock(descriptor)
                continue
            if status.st_mtime_ns != copy.modified or copy.size not in (None, status.st_size):
                _unlock(descriptor)
                self.drop(path)
                return None
            os.utime(descriptor, ns=(time.time_ns(), copy.modified))
            return Pin(descriptor, path)

    def touch(self, copy: Copy) -> None:
        """Makes a copy the last to be dropped, if it is there."""
        with suppress(FileNotFoundError):
            os.utime(self.path(copy), ns=(time.time_ns(), copy.modified))

    def filled(self, copy: Copy, fill: Fill) -> Pin:
        """A copy that is there, made if it isn't; of several who want to make it, one does and the others wait.

        Args:
            copy: The copy.
            fill: As `Fill` says.

        Raises:
            SourceError: If it can't be written, is removed again and again meanwhile, or is larger than the folder may
                be.
        """
        for _ in range(_TRIES):
            try:
                return self._filled(copy, fill)
            except _LostError:
                continue
            except OSError as error:
                if isinstance(error, ImpastoError):
                    raise
                reason = f"the copy can't be kept: {error}; check the folder"
                raise SourceError(reason, path=str(self.folder)) from error
        reason = f"the copy was removed while it was written, {_TRIES} times; let nothing else tidy the folder up"
        raise SourceError(f"{reason}, or choose another with cache=", path=str(self.folder))

    def _filled(self, copy: Copy, fill: Fill) -> Pin:
        path = self.path(copy)
        partial = aside(path)
        while True:
            if pin := self.pinned(copy):
                return pin
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = _opened(partial, os.O_RDWR | os.O_CREAT)
            except FileNotFoundError:
                raise _LostError from None
            if not _try(descriptor, fcntl.LOCK_EX) or not _is_at(partial, descriptor):
                _unlock(descriptor)
                time.sleep(_POLL)
                continue
            if path.exists():  # it was completed between our two looks
                _unlink(partial, descriptor)
                _unlock(descriptor)
                time.sleep(_POLL)
                continue
            self._fill(copy, descriptor, partial, fill)
            # Between the two locks it may have been dropped.
            if _try(descriptor, fcntl.LOCK_SH) and _is_at(path, descriptor):
                return Pin(descriptor, path)
            _unlock(descriptor)

    def _fill(self, copy: Copy, descriptor: int, partial: Path, fill: Fill) -> None:
        """Writes a copy aside and gives it its name; what was written is removed if that fails.

        Somebody may remove the file or the folder meanwhile, and another process begin there anew: what has the name
        then is not ours to give another, or to remove.

        Raises:
            _LostError: If the file was removed.
        """
        try:
            os.ftruncate(descriptor, 0)

            def reserve(size: int) -> None:
                with self._accounted():
                    more = size - os.fstat(descriptor).st_size
                    self._make_room(max(more, 0), size)
                    if more > 0:
                        os.ftruncate(descriptor, size)

            with os.fdopen(os.dup(descriptor), "wb") as file:
                fill(file, reserve)
                file.truncate()
            os.fsync(descriptor)
            os.utime(descriptor, ns=(time.time_ns(), copy.modified))
            if not _is_at(partial, descriptor):
                raise _LostError
            partial.replace(self.path(copy))
        except BaseException as error:
            lost = isinstance(error, FileNotFoundError) and not _is_at(partial, descriptor)
            _unlink(partial, descriptor)
            _unlock(descriptor)
            if lost:
                raise _LostError from error
            raise

    @contextmanager
    def _accounted(self) -> Iterator[None]:
        """One process at a time counts what is there and takes its share."""
        descriptor = _opened(self.folder / _LOCK, os.O_RDWR | os.O_CREAT)
        try:
            while not _try(descriptor, fcntl.LOCK_EX):
                time.sleep(_POLL)
            yield
        finally:
            _unlock(descriptor)

    def _make_room(self, more: int, size: int) -> None:
        """Drops copies until there is room for more bytes, the least recently used first."""
        if size > self.most:
            gigabytes = size / 1e9
            raise RecipeError(f"a shard of {gigabytes:.3g} GB is more than the cache may hold; raise cache_gb=")
        taken, found = self._taken()
        for _, path, bytes_ in sorted(found):
            if taken + more <= self.most:
                return
            if self.drop(path):
                taken -= bytes_
        if taken + more > self.most:
            warn_once(
                f"the shards read at once take {(taken + more) / 1e9:.3g} GB, more than cache_gb= allows: the cache "
                "outgrows it for now; raise it, or read fewer shards at once (shuffle='shards', a smaller window)",
                key="the cache outgrows its bound",
            )

    def _taken(self) -> tuple[int, list[tuple[int, Path, int]]]:
        """The bytes of all copies, and each with when it was used last; those under way come first, if left behind."""
        taken, found = 0, []
        for entry in os.scandir(self.folder):
            whole = entry.name.endswith(ENDING)
            if whole or entry.name.endswith(aside(ENDING).name):
                with suppress(FileNotFoundError):
                    status = entry.stat()
                    taken += status.st_size
                    found.append((status.st_atime_ns if whole else 0, Path(entry.path), status.st_size))
        return taken, found

    def drop(self, path: Path) -> bool:
        """Removes a file that nobody holds; whether it did."""
        try:
            descriptor = _opened(path, os.O_RDONLY)
        except FileNotFoundError:
            return True
        try:
            if not _try(descriptor, fcntl.LOCK_EX) or not _is_at(path, descriptor):
                return False
            _unlink(path, descriptor)
            return True
        finally:
            _unlock(descriptor)


def _opened(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    _locked.add(descriptor)
    return descriptor


def _try(descriptor: int, kind: int) -> bool:
    """Takes a lock, unless somebody has one that is in its way."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            reason = "its file system has no locks; choose a folder on a local disk for cache="
            raise SourceError(reason) from error
        raise
    return True


def _unlock(descriptor: int) -> None:
    # Said, not left to the closing: a child that was forked meanwhile may have the file open as well.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    _locked.discard(descriptor)
    os.close(descriptor)


def _unlink(path: Path, descriptor: int) -> None:
    """Removes an open file, if the name is still its own."""
    if _is_at(path, descriptor):
        path.unlink(missing_ok=True)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file is the one that has this name now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
