"""Shards that are read from copies: each is copied when it is wanted, by one process, and held while it is read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from impasto.errors import ImpastoError, SourceError
from impasto.messages import logger
from impasto.sources.remote.addresses import hashed, is_packed_name, name_of, shown, unsigned
from impasto.sources.remote.asking import awaited, in_thread, is_final, pause
from impasto.sources.remote.cache import Cache, Copy, Pin, Reserve
from impasto.sources.remote.stores import Stores, Version, identity
from impasto.sources.remote.transfer import Transfer
from impasto.sources.remote.unpacking import is_packed, unpacked

_TABLE = ".impasto-index"
#: Bytes that a copy of unknown size takes its room by, when they are there and no sooner.
_STRIDE = 8 << 20
#: Copies' times stand for versions: whole, even seconds, which every file system keeps.
_SECONDS = 2_000_000_000


@dataclass(frozen=True)
class CopiedShard:
    """One version of a shard, and where its copy and the table of its members lie, if they do.

    Attributes:
        address: Where it comes from.
        version: Its state there when it was indexed.
        copy: Its copy.
        path: The copy's path.
        table: Path of the table of its members.
    """

    address: str
    version: Version
    copy: Copy
    path: str
    table: str

    @property
    def nbytes(self) -> int:
        """Bytes of its copy, as far as is known."""
        try:
            return self.copy.size or os.stat(self.path).st_size  # noqa: PTH116 - asked for each batch
        except OSError:
            return 0


class Copies:
    """Copies shards to a folder.

    Args:
        folder: The folder.
        most: Bytes that the copies may take.
        transfer: How stores are asked.
    """

    def __init__(self, folder: Path, most: int, transfer: Transfer) -> None:
        self.cache = Cache(folder, most)
        self.stores = Stores(transfer)
        self._transfer = transfer
        self._began: dict[int, threading.BoundedSemaphore] = {}
        #: Bytes written so far of what this process is copying; None where it waits for who copies it.
        self._under_way: dict[tuple[int, CopiedShard], int | None] = {}

    def __reduce__(self) -> tuple[type[Copies], tuple[Path, int, Transfer]]:
        return Copies, (self.cache.folder, self.cache.most, self._transfer)

    @property
    def room(self) -> int:
        """Bytes of copies that may be wanted at once: a fifth of the cache is for what comes unforeseen."""
        return self.cache.most * 4 // 5

    def look_up(self, addresses: Sequence[str]) -> list[CopiedShard]:
        """The shards in their present state.

        Raises:
            SourceError: If one isn't there, or its store doesn't answer.
        """
        ahead = 4 * self._transfer.parallel
        asked: list[Future[Version]] = []
        found = []
        for place, address in enumerate(addresses):
            coming = addresses[len(asked) : place + ahead]
            asked += [in_thread(partial(self.stores.version, later), "version") for later in coming]
            found.append(self._shard(address, asked[place].result()))
        return found

    def _shard(self, address: str, version: Version) -> CopiedShard:
        # Many names of one object share a copy only where they are the same text, but for a signature that is renewed:
        # what an ETag tells from others it tells whoever signed.
        number = hashed(f"{version.size} {version.tag}")
        own = identity(address)
        name = f"{name_of(unsigned(own) if version.tag.lower().startswith('etag=') else own)}.{number}"
        modified = (int(number, 16) % 2**29) * _SECONDS
        copy = Copy(name, modified, None if is_packed_name(address) else version.size)
        return CopiedShard(address, version, copy, str(self.cache.path(copy)), str(self.cache.folder / (name + _TABLE)))

    @contextmanager
    def held(self, shards: Sequence[CopiedShard]) -> Iterator[Callable[[], SourceError | None]]:
        """Copies what isn't there, and keeps all of it while the context lasts.

        Yields:
            Gives the error of a copy that somebody removed all the same, if one is.

        Raises:
            SourceError: If a shard can't be had, or is no longer what was indexed.
        """
        with ExitStack() as stack:
            pins: dict[CopiedShard, Pin] = {}
            missing = []
            for shard in shards:
                pin = self.cache.pinned(shard.copy)
                missing += [shard] if pin is None else []
                if pin is not None:
                    pins[shard] = stack.enter_context(pin)
            copying = [self.begin(shard) for shard in missing]
            for shard, future in zip(missing, copying, strict=True):
                pin = awaited(future, shown(shard.address))
                pins[shard] = stack.enter_context(pin)
            yield lambda: next((self._removed(shard) for shard, pin in pins.items() if pin.lost), None)

    def _removed(self, shard: CopiedShard) -> SourceError:
        reason = f"its copy was removed from {self.cache.folder} while it was read, and so were those made again"
        remedy = "let nothing else tidy the folder up, or choose another with cache="
        return SourceError(f"{reason}; {remedy}", path=shown(shard.address))

    def one(self, shard: CopiedShard) -> Pin:
        """Copies a shard, unless it is there, and holds it, in a thread that an exit of the process may wait for.

        Raises:
            SourceError: As `held` does.
        """
        pin = self.cache.pinned(shard.copy)
        return pin or awaited(in_thread(lambda: self.fetch(shard), "copy"), shown(shard.address))

    def begin(self, shard: CopiedShard) -> Future[Pin]:
        """Begins to copy a shard beside what the caller does; the copy is held by what comes of it."""
        turns = self._began.setdefault(os.getpid(), threading.BoundedSemaphore(self._transfer.parallel))

        def copy() -> Pin:
            with turns:
                return self.fetch(shard)

        return in_thread(copy, "copy")

    def fetch(self, shard: CopiedShard) -> Pin:
        """Copies a shard, unless it is there, and holds it."""
        here = (os.getpid(), shard)
        # Another thread may be copying it, which says how far it is.
        self._under_way.setdefault(here, None)
        try:
            return self.cache.filled(shard.copy, lambda file, reserve: self._fill(shard, file, reserve))
        finally:
            self._under_way.pop(here, None)

    def told(self, shard: CopiedShard) -> str:
        """Where a copy comes from and how far it is, for people; empty if it is there."""
        mine = {one: written for (process, one), written in self._under_way.copy().items() if process == os.getpid()}
        if shard not in mine:
            there = Path(shard.path).exists()
            return "" if there else f"{shown(shard.address)} (not begun: {len(mine)} others are being copied)"
        written, size = mine[shard], shard.version.size
        if written is None:
            return f"{shown(shard.address)} (another process copies it)"
        of = "" if size is None else f" of {size / 1e6:.1f}"
        return f"{shown(shard.address)} ({written / 1e6:.1f}{of} MB so far)"

    def drop(self, shard: CopiedShard) -> None:
        """Removes a copy that is of no use."""
        self.cache.drop(Path(shard.path))

    def _fill(self, shard: CopiedShard, file: BinaryIO, reserve: Reserve) -> None:
        logger.debug("copying %s", shown(shard.address))
        self._under_way[os.getpid(), shard] = 0
        restarts = self._transfer.retries if shard.version.size is None else 0
        for attempt in range(restarts + 1):
            try:
                self._write(shard, file, reserve)
                break
            except SourceError as error:
                if attempt == restarts or is_final(error.__cause__ or OSError()):
                    raise
                pause(shard.address, attempt, error)
                file.seek(0)
        if shard.version != Version(None, "") and self.stores.version(shard.address) != shard.version:
            reason = "the shard changed after it was indexed; build the source again"
            raise SourceError(reason, path=shown(shard.address))

    def _write(self, shard: CopiedShard, file: BinaryIO, reserve: Reserve) -> None:
        blocks = self.stores.blocks(shard.address, shard.version.size)
        head = next(blocks, b"")
        blocks = chain([head], blocks)
        size = shard.version.size
        if packed := is_packed_name(shard.address) and is_packed(head):
            blocks = unpacked(blocks)
        elif size is not None:
            reserve(size)
        written = 0
        try:
            for block in _gathered(blocks) if packed or size is None else blocks:
                written += len(block)
                if packed or size is None:
                    reserve(written)
                file.write(block)
                self._under_way[os.getpid(), shard] = written
        except ImpastoError:
            raise
        except ValueError as error:
            raise SourceError(f"{error}; copy the shard there again", path=shown(shard.address)) from error


def _gathered(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces, so that room is not asked for too often."""
    gathered, size = [], 0
    for block in blocks:
        gathered.append(block)
        size += len(block)
        if size >= _STRIDE:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)
