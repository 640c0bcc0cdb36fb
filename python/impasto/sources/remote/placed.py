"""The shards of a data set: some read where they lie, some from copies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impasto._core import IndexBuilder
from impasto.checks import is_number, require
from impasto.errors import RecipeError, SourceError
from impasto.messages import logger
from impasto.sources.reading.shards import find_shards
from impasto.sources.remote.addresses import is_copied, shown
from impasto.sources.remote.cache import Pin
from impasto.sources.remote.copies import CopiedShard, Copies
from impasto.sources.remote.stores import Stores
from impasto.sources.remote.transfer import Transfer


class TarOptions(NamedTuple):
    """How members become samples; see `impasto.sources.WebDataset`."""

    images: list[str]
    caption: str
    json_field: str | None
    label: str
    keep_truncated: bool


class WantedCopy(NamedTuple):
    """A copy that will be read soon."""

    copies: Copies
    shard: CopiedShard

    @property
    def nbytes(self) -> int:
        """Its bytes, as far as is known."""
        return self.shard.nbytes

    @property
    def room(self) -> int:
        """Bytes of copies that may be wanted at once."""
        return self.copies.room

    @property
    def told(self) -> str:
        """Where it comes from and how far it is, for people; empty if it is there."""
        return self.copies.told(self.shard)

    def touch(self) -> None:
        """Makes it the last to be dropped, if it is there."""
        self.copies.cache.touch(self.shard.copy)

    def begin(self) -> Future[None]:
        """Begins to make it, if it isn't there."""
        done: Future[None] = Future()

        def ended(copying: Future[Pin]) -> None:
            # Who reads it will raise what went wrong.
            if copying.exception() is None:
                copying.result().close()
            done.set_result(None)

        self.copies.begin(self.shard).add_done_callback(ended)
        return done


class PlacedShards:
    """The shards of a data set, and what is done so that they can be read.

    Args:
        folder: Of copies and tables; None where there are to be no copies.
        gigabytes: What copies may take.
        transfer: How stores are asked.

    Raises:
        RecipeError: If the bound makes no sense.
    """

    def __init__(self, folder: str | None, gigabytes: float, transfer: Transfer) -> None:
        usable = is_number(gigabytes) and 0 < gigabytes < float("inf")
        require(usable, f"cache_gb={gigabytes!r} must be a number of gigabytes above 0")
        require(isinstance(transfer, Transfer), f"transfer={transfer!r} must be an impasto.sources.Transfer")
        self._folder = folder
        self._most = int(gigabytes * 1e9)
        self._transfer = transfer
        self._copies: Copies | None = None
        self._copied: dict[int, CopiedShard] = {}
        self._one: tuple[int, Pin | None] = (-1, None)
        #: Where shards begin in the rows, and the last one ends, int64 [S + 1].
        self.borders: npt.NDArray[np.int64] = np.zeros(1, np.int64)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_one": (-1, None)}

    @property
    def copies(self) -> bool:
        """Whether some are read from copies."""
        return bool(self._copied)

    def found(self, pattern: str) -> list[str]:
        """The URLs that a glob pattern names."""
        return Stores(self._transfer).file_systems.found(pattern)

    def index(self, paths: Sequence[str], builder: IndexBuilder, options: TarOptions) -> None:
        """Adds all shards to an index; of one whose table is kept nothing is copied.

        Raises:
            SourceError: If a shard is missing, cut or can't be had.
            RecipeError: If there is no folder for copies, and some shards need it.
        """
        remote = [place for place, path in enumerate(paths) if is_copied(path)]
        if remote:
            self._copied = self._look_up(paths, remote)
        ahead: deque[tuple[int, Future[Pin]]] = deque()
        missing = [place for place in remote if not Path(self._copied[place].table).exists()]
        counts = []
        for place, path in enumerate(paths):
            shard = self._copied.get(place)
            if shard is None:
                counts.append(builder.add_tar(path, cache=self._folder, **options._asdict()))
                continue
            while missing and self._has_room([number for number, _ in ahead], missing[0]):
                number = missing.pop(0)
                ahead.append((number, self._store().begin(self._copied[number])))
            copying = ahead.popleft()[1] if ahead and ahead[0][0] == place else None
            counts.append(self._add_copy(shard, builder, options, copying))
        self.borders = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])

    def _has_room(self, held: Sequence[int], more: int) -> bool:
        """Whether one more copy may be held beside others while they wait to be indexed."""
        taken = sum(self._copied[number].nbytes for number in (*held, more))
        return not held or (len(held) < self._transfer.parallel and taken <= self._store().room)

    def _look_up(self, paths: Sequence[str], remote: Sequence[int]) -> dict[int, CopiedShard]:
        if self._folder is None:
            first = shown(paths[remote[0]])
            raise RecipeError(f"{first} is read from a copy: say where on a local disk with cache='FOLDER' (--cache)")
        self._copies = Copies(Path(self._folder).absolute(), self._most, self._transfer)
        return dict(zip(remote, self._copies.look_up([paths[place] for place in remote]), strict=True))

    def _add_copy(
        self, shard: CopiedShard, builder: IndexBuilder, options: TarOptions, copying: Future[Pin] | None
    ) -> int:
        copy = (shown(shard.address), shard.copy.modified, shard.table)
        if copying is None:
            try:
                return builder.add_tar(shard.path, copy=copy, **options._asdict())
            except SourceError:
                pass  # the table is no use, or another process removed it
        logger.info("%s is copied to be indexed, once", shown(shard.address))
        pin = self._store().fetch(shard) if copying is None else copying.result()
        try:
            with pin:
                return builder.add_tar(shard.path, copy=copy, **options._asdict())
        except SourceError:
            # What came is no shard: whoever asks again shall not find it.
            self._store().drop(shard)
            raise

    @contextmanager
    def copied(self, address: str) -> Iterator[str]:
        """The path of a shard's copy, which stays while the context lasts."""
        shard = self._look_up([address], [0])[0]
        with self._store().fetch(shard):
            yield shard.path

    def _store(self) -> Copies:
        assert self._copies is not None
        return self._copies

    def held(self, rows: npt.NDArray[np.int64]) -> AbstractContextManager[Callable[[], SourceError | None]]:
        """Keeps the copies that rows lie in while the context lasts; those that are not there are made.

        Raises:
            SourceError: If one can't be had, or is no longer what was indexed.
        """
        shards = self._of(rows)
        return self._store().held(shards) if shards else nullcontext(lambda: None)

    def wanted(self, rows: npt.NDArray[np.int64]) -> list[WantedCopy]:
        """The copies that rows are read from, in the order of the rows."""
        return [WantedCopy(self._store(), shard) for shard in self._of(rows)]

    def _of(self, rows: npt.NDArray[np.int64]) -> list[CopiedShard]:
        if not self._copied:
            return []
        numbers = np.searchsorted(self.borders, rows, side="right") - 1
        return [self._copied[number] for number in dict.fromkeys(numbers.tolist()) if number in self._copied]

    def hold_one(self, row: int) -> None:
        """Keeps the copy that a row lies in until another row is asked for."""
        if not self._copied:
            return
        number = int(np.searchsorted(self.borders, row, side="right")) - 1
        if number in self._copied and (number != self._one[0] or self._one[1] is None or self._one[1].lost):
            # The one before may be dropped for it.
            self._one = -1, None
            self._one = number, self._store().one(self._copied[number])


@contextmanager
def one_copy(pattern: str, folder: str | None, gigabytes: float, transfer: Transfer) -> Iterator[str]:
    """The path of a copy of the first shard of a pattern, which stays while the context lasts.

    Args:
        pattern: URLs, a command, or packed shards.
        folder: Of copies, as `PlacedShards` takes it.
        gigabytes: Likewise.
        transfer: Likewise.

    Raises:
        SourceError: If the shard can't be had.
        RecipeError: If there is no folder, or the bound makes no sense.
    """
    placed = PlacedShards(folder, gigabytes, transfer)
    first = find_shards([pattern], placed.found)[0]
    with placed.copied(first) as path:
        yield path
