"""A shard in img2dataset's layout: gathered in any order, written in the list's, read again."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from impasto.extras import need
from impasto.files import new_folder
from impasto.jobs.fetching.outcome import FIELDS, Outcome, Stored, record, text
from impasto.jobs.fetching.pictures import Picture
from impasto.jobs.job import write_report
from impasto.jobs.shards import add_sample, open_shard
from impasto.sources import WebPair


def shard_files(folder: Path, number: int) -> tuple[Path, Path, Path]:
    """A shard's files; the last is its report."""
    return tuple(folder / f"{number:05d}{ending}" for ending in (".tar", ".parquet", "_stats.json"))  # type: ignore[return-value]


def key_of(number: int, at: int, shard_size: int) -> str:
    """img2dataset's key: the shard's number, and the row's in it."""
    digits = len(str(shard_size - 1))
    return f"{number * 10**digits + at:0{digits + 5}d}"


@dataclass(eq=False)
class Gathering:
    """A shard whose links are under way; images lie in a file without a name until all are there.

    Attributes:
        number: The shard's.
        first: Its first row.
        pairs: Its rows.
        outcomes: What came of each; None while it is under way.
        folder: Where the shard goes.
        left: How many links are under way.
        begun: When, in seconds since 1970.
        written: Whether nothing is to be done.
    """

    number: int
    first: int
    pairs: list[WebPair]
    folder: Path
    outcomes: list[Outcome | None] = field(default_factory=list)
    left: int = 0
    begun: float = field(default_factory=time.time)
    written: bool = False
    _spool: BinaryIO | None = None
    _end: int = 0

    def keep(self, picture: Picture) -> Stored:
        """Puts an image aside, in a file that is gone with the process, however that ends."""
        if self._spool is None:
            self._spool = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115  it is closed with its shard
        stored = Stored(self._spool, self._end, len(picture.content))
        self._spool.write(picture.content)
        self._spool.flush()
        self._end += stored.size
        return stored

    def close(self) -> None:
        """Gives the file back."""
        if self._spool is not None:
            self._spool.close()


def write_shard(
    folder: Path, shard: Gathering, shard_size: int, *, captions: bool, earlier: Callable[[int], Outcome]
) -> None:
    """Writes a shard, in the order of its rows.

    Args:
        folder: Where it goes.
        shard: Gathered.
        shard_size: Rows of a shard, which keys depend on.
        captions: Whether the list has captions.
        earlier: What came of the link that a row repeats, by the row.
    """
    records, count = [], Counter[str]()
    names = [path.name for path in shard_files(folder, shard.number)]
    with new_folder(_complete(folder, shard.number), durable=True) as new:
        with open_shard(new / names[0]) as tar:
            for at, pair in enumerate(shard.pairs):
                outcome = shard.outcomes[at] or earlier(shard.first + at)
                key = key_of(shard.number, at, shard_size)
                row = record(pair, key, outcome, captions=captions)
                records.append(row)
                count[outcome.status] += 1
                if outcome.stored is not None:
                    add_sample(tar, key, _members(row, outcome.ending, outcome.stored.read(), captions))
        _write_table(new / names[1], records)
        ended, reasons = time.time(), Counter(row["reason"] or "success" for row in records)
        report = {
            "count": len(records),
            "successes": count["success"],
            "failed_to_download": count["failed_to_download"],
            "failed_to_resize": count["failed_to_resize"],
            "duration": ended - shard.begun,
            "start_time": shard.begun,
            "end_time": ended,
            "status_dict": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        }
        write_report(new / names[2], report)
    publish(folder, shard.number)


def publish(folder: Path, number: int) -> None:
    """Gives a shard's files their places, if they were written aside; the report goes first and comes last.

    Whoever is killed in the midst of it leaves a shard without a report, which is published when it is its turn again.
    """
    complete, files = _complete(folder, number), shard_files(folder, number)
    if not complete.is_dir():
        return
    there = [file for file in files if (complete / file.name).exists()]
    if there == list(files):
        files[-1].unlink(missing_ok=True)
    for file in there:
        (complete / file.name).replace(file)
    complete.rmdir()


def _complete(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.shard"


def _members(row: dict[str, Any], ending: str, image: bytes, captions: bool) -> dict[str, bytes]:
    texts = {"txt": (row["caption"] or "").encode()} if captions else {}
    return {ending: image, **texts, "json": json.dumps(row, indent=4).encode()}


def _write_table(path: Path, records: list[dict[str, Any]]) -> None:
    arrow, parquet = need("pyarrow", "fetch"), need("pyarrow.parquet", "fetch")
    columns = {name: [row[name] for row in records] for name in records[0]}
    sides = dict.fromkeys(FIELDS[3:7], arrow.int32())
    known = dict.fromkeys(("url", "caption", *FIELDS), arrow.string()) | sides
    arrays = {name: arrow.array(values, known.get(name) or _type(arrow, values)) for name, values in columns.items()}
    parquet.write_table(arrow.table(arrays), path)


def _type(arrow: Any, values: list[Any]) -> Any:
    """A column's type, the narrowest that holds all of its values."""
    kinds = {type(value) for value in values if value is not None}
    for types, found in (({bool}, arrow.bool_()), ({int}, arrow.int64()), ({int, float}, arrow.float64())):
        if kinds and kinds <= types:
            return found
    values[:] = [text(value) for value in values]
    return arrow.string()
