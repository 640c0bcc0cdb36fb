"""LMDB databases: an entry for each member that a shard would have."""

from __future__ import annotations

import json
from pathlib import Path

import lmdb

from impasto_lab.worlds.formats.databases.rows import RowsBySplit
from impasto_lab.worlds.formats.sample import Sample, Split

#: Room on the way; the file has what is written.
_MOST = 1 << 40


class LmdbWriter(RowsBySplit[dict[str, bytes]]):
    """Writes ``lmdb/{split}``: entries ``{number}.jpg`` and ``{number}.json``, an object with ``caption``, a list."""

    FOLDER = "lmdb"

    def row(self, file: str, sample: Sample) -> dict[str, bytes]:
        """The entries of a sample."""
        facts = json.dumps({"caption": list(sample.captions), "facts": dict(sample.facts)}).encode()
        return {file: sample.image, str(Path(file).with_suffix(".json")): facts}

    def write(self, split: Split, rows: list[dict[str, bytes]]) -> None:
        """Writes the split's database."""
        database = lmdb.open(str(self.folder / split), map_size=_MOST, lock=False)
        with database, database.begin(write=True) as transaction:
            for row in rows:
                for key, value in row.items():
                    transaction.put(key.encode(), value)
