"""Shards on the disk, read again: what came of each row, and where its image lies."""

from __future__ import annotations

import tarfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.extras import need
from impasto.jobs.fetching.outcome import FIELDS, Outcome, Stored
from impasto.jobs.fetching.shard import key_of, shard_files

_IMAGES = ("jpg", "png", "webp")
#: So many shards' outcomes are kept for links that come again.
_KEPT = 64
_REMEDY = "remove this file and run again, which fetches its shard again"


class Written:
    """What came of the rows of shards that are on the disk.

    Args:
        folder: Of the shards.
        shard_size: Rows of each.
        wanted: The rows that may be asked for.
    """

    def __init__(self, folder: Path, shard_size: int, wanted: set[int]) -> None:
        self._folder, self._size, self._wanted = folder, shard_size, wanted
        self._kept: OrderedDict[int, dict[int, Outcome]] = OrderedDict()

    def outcome(self, row: int) -> Outcome:
        """What came of a wanted row.

        Raises:
            SourceError: If its shard can't be read.
        """
        number = row // self._size
        if number not in self._kept:
            first = number * self._size
            outcomes = enumerate(read_shard(self._folder, number, self._size), first)
            self._kept[number] = {row: outcome for row, outcome in outcomes if row in self._wanted}
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number][row]


def read_shard(folder: Path, number: int, shard_size: int) -> Iterator[Outcome]:
    """What came of a shard's rows, in their order.

    Raises:
        SourceError: If it can't be read.
    """
    path, table, _ = shard_files(folder, number)
    images = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                key, _, ending = member.name.partition(".")
                if ending in _IMAGES:
                    images[key] = (ending, Stored(path, member.offset_data, member.size))
    except (OSError, tarfile.TarError) as error:
        raise SourceError(f"the shard can't be read: {error}; {_REMEDY}", path=str(path)) from error
    for at, row in enumerate(shard_records(table, ("url", *FIELDS))):
        key = key_of(number, at, shard_size)
        if row["key"] != key or (row["status"] == "success") != (key in images):
            raise SourceError(f"sample {key} isn't in both this file and the shard; {_REMEDY}", path=str(table))
        yield Outcome.read(row, *images.get(key, ("", None)))


def shard_records(path: Path, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """The records of a shard.

    Raises:
        SourceError: If they can't be read.
    """
    arrow, parquet = need("pyarrow", "fetch"), need("pyarrow.parquet", "fetch")
    try:
        records: list[dict[str, Any]] = parquet.read_table(path, columns=list(columns)).to_pylist()
    except (OSError, arrow.ArrowException) as error:
        raise SourceError(f"the records can't be read: {error}; {_REMEDY}", path=str(path)) from error
    return records
