"""Where shards come from: a file system of fsspec, a command, a local file. Each tells a version and gives bytes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.extras import need
from impasto.files import open_regular
from impasto.sources.reading.files import look_at
from impasto.sources.remote.addresses import PIPE, as_local, is_remote, shown
from impasto.sources.remote.asking import Asking, in_thread, told
from impasto.sources.remote.transfer import Transfer

#: What file systems call that which changes with a file, the surest first.
_TAGS = ("ETag", "etag", "generation", "md5Hash", "Content-MD5", "Digest", "VersionId", "version_aware", "checksum")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "mtime", "modified", "updated", "created")
#: What a shell ends with where a command can't be run, or isn't there.
_NO_COMMAND = (126, 127)


@dataclass(frozen=True)
class Version:
    """What tells one state of a shard from another.

    Attributes:
        size: Its bytes, where they are known before they are read.
        tag: Whatever else changes with it; empty where nothing is known to.
    """

    size: int | None
    tag: str


class Store(ABC):
    """What can be asked for shards."""

    @abstractmethod
    def version(self, address: str) -> Version:
        """The state of a shard.

        Raises:
            SourceError: If it can't be had.
        """

    @abstractmethod
    def blocks(self, address: str, size: int | None) -> Iterator[bytes]:
        """A shard's bytes, in pieces.

        Raises:
            SourceError: If they can't be had.
        """


class FileSystems(Store):
    """Whatever fsspec reaches: ``s3://``, ``gs://``, ``https://``, ``memory://``, chains such as ``zip://a::s3://b``.

    Args:
        transfer: How it is asked.
    """

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._ask = Asking(transfer)
        self._opened: dict[tuple[int, str], Any] = {}

    def __reduce__(self) -> tuple[type[FileSystems], tuple[Transfer]]:
        return FileSystems, (self._transfer,)

    def version(self, address: str) -> Version:
        """Size and tag, as the file system has them now."""
        system, place = self._system(address)
        system.invalidate_cache()
        try:
            info = self._ask(lambda: self._begin(system, "info", place), what=address)
        except Exception as error:
            raise _unreachable(address, error) from error
        if info.get("type") == "directory":
            raise SourceError("it is a folder; name the shards in it", path=shown(address))
        tags = [f"{name}={_plain(info[name])}" for name in (*_TAGS, *_TIMES) if info.get(name) not in (None, False)]
        return Version(info.get("size"), tags[0] if tags else "")

    def blocks(self, address: str, size: int | None) -> Iterator[bytes]:
        """The parts of a file one after another; one of unknown size as it streams."""
        system, place = self._system(address)
        try:
            if size is None:
                yield from self._streamed(system, place, address)
                return
            at = 0
            while at < size:
                end = min(at + self._transfer.part_bytes, size)
                part = self._part(system, place, address, at, end, size)
                yield part
                at += len(part)
        except SourceError:
            raise
        except Exception as error:
            raise _unreachable(address, error) from error

    def _part(self, system: Any, place: str, address: str, begin: int, end: int, size: int) -> bytes:
        def wrong(part: bytes) -> str:
            # A server that knows no ranges sends the whole file.
            return "" if len(part) in (end - begin, size) else f"{len(part)} bytes came of {end - begin}"

        part: bytes = self._ask(
            lambda: self._begin(system, "cat_file", place, start=begin, end=end),
            what=f"{address} from {begin}",
            wrong=wrong,
        )
        return part if len(part) == end - begin else part[begin:]

    def _streamed(self, system: Any, place: str, address: str) -> Iterator[bytes]:
        file = self._ask(lambda: in_thread(lambda: system.open(place, "rb"), "open"), what=address)
        with file:
            while block := in_thread(lambda: file.read(1 << 20), "read").result(self._transfer.timeout):
                yield block

    def found(self, pattern: str) -> list[str]:
        """The addresses that a glob pattern names.

        Raises:
            SourceError: If the store can't be asked.
        """
        system, place = self._system(pattern)
        system.invalidate_cache()
        try:
            names = self._ask(lambda: self._begin(system, "glob", place), what=pattern)
        except Exception as error:
            raise _unreachable(pattern, error) from error
        # A store's own names lack what the address begins with: the protocol, and of some the host.
        begins = pattern.removesuffix(place) if pattern.endswith(place) else ""
        return sorted(begins + name if "://" in begins + name else system.unstrip_protocol(name) for name in names)

    def _begin(self, system: Any, name: str, *arguments: Any, **options: Any) -> Future[Any]:
        """Begins a call; one of a file system that is asynchronous can be broken off."""
        coroutine = getattr(system, f"_{name}", None)
        if getattr(system, "async_impl", False) and coroutine is not None:
            return asyncio.run_coroutine_threadsafe(coroutine(*arguments, **options), system.loop)
        return in_thread(lambda: getattr(system, name)(*arguments, **options), name)

    def _system(self, address: str) -> tuple[Any, str]:
        """The file system of an address, one a process: their loops don't survive a fork; and the place in it."""
        fsspec = need("fsspec", "remote")
        protocol = address.rpartition("://")[0]
        key = os.getpid(), protocol
        try:
            if key not in self._opened:
                self._opened[key] = fsspec.core.url_to_fs(address, **self._transfer.options)[0]
            system = self._opened[key]
            place = fsspec.core.url_to_fs(address, **self._transfer.options)[1] if "::" in address else None
            return system, place or str(system._strip_protocol(address))
        except (ImportError, ValueError) as error:
            reason = f"fsspec can't read from there: {error}"
            raise SourceError(reason, path=shown(address)) from error


class Commands(Store):
    """Commands whose output is a shard: ``pipe:curl -sf https://... | zstd -d``. A shell runs them.

    A command stands for its output: it is run again only where its copy is gone.

    Args:
        transfer: How often a command that failed is run again.
    """

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer

    def version(self, address: str) -> Version:
        """Nothing is known of it."""
        del address
        return Version(None, "")

    def blocks(self, address: str, size: int | None) -> Iterator[bytes]:
        """What the command prints."""
        del size
        command = address.removeprefix(PIPE)
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, shell=True, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            complaint = in_thread(process.stderr.read, "stderr")
            try:
                while block := process.stdout.read(1 << 20):
                    yield block
                code = process.wait()
            finally:
                # Its reader gave up, or it closed its output and goes on; what it began is in its group.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            if code:
                words = complaint.result(5).decode("utf-8", "replace").strip()[-300:]
                words = f"the command ended with status {code}: {words or 'it said nothing'}"
                if code in _NO_COMMAND:  # it won't be there the next time either
                    raise SourceError(
                        f"{words}; install what it calls, or check it", path=address
                    ) from FileNotFoundError(words)
                raise SourceError(words, path=address)


class PackedFiles(Store):
    """Local files that are no plain tars: gzip."""

    def version(self, address: str) -> Version:
        """Size and time."""
        size, modified = look_at(address)
        return Version(size, f"mtime={modified}")

    def blocks(self, address: str, size: int | None) -> Iterator[bytes]:
        """The file's bytes."""
        del size
        with open_regular(address) as file:
            while block := file.read(1 << 20):
                yield block


class Stores(Store):
    """Each address's own store.

    Args:
        transfer: How they are asked.
    """

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.file_systems = FileSystems(transfer)
        self._commands, self._files = Commands(transfer), PackedFiles()

    def _of(self, address: str) -> Store:
        if address.startswith(PIPE):
            return self._commands
        return self.file_systems if is_remote(address) else self._files

    def version(self, address: str) -> Version:
        """The state of a shard."""
        return self._of(address).version(address)

    def blocks(self, address: str, size: int | None) -> Iterator[bytes]:
        """A shard's bytes."""
        return self._of(address).blocks(address, size)


def identity(address: str) -> str:
    """What an address is known by: a local file's by its whole path."""
    return address if is_remote(address) else str(Path(as_local(address)).absolute())


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _unreachable(address: str, error: Exception) -> SourceError:
    reason = f"the shard can't be had: {told(error)}; check the address, or ask more patiently (transfer=Transfer(...))"
    return SourceError(reason, path=shown(address))
