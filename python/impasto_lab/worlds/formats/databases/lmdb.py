"""LMDB databases: an entry for each member that a shard would have."""

from __future__ import annotations

import json
from pathlib import Path

import lmdb

from impasto_lab.worlds.formats.sample import SPLITS, Sample

#: Room on the way; the file has what is written.
_MOST = 1 << 40


class LmdbWriter:
    """Writes ``lmdb/{split}``: entries ``{number}.jpg`` and ``{number}.json``, an object with ``caption``, a list.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "lmdb"
        self._folder.mkdir()
        self._entries: dict[str, list[tuple[str, bytes]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        facts = json.dumps({"caption": list(sample.captions), "facts": dict(sample.facts)}).encode()
        self._entries[sample.split] += [(file, sample.image), (str(Path(file).with_suffix(".json")), facts)]

    def close(self) -> None:
        """Writes the splits that have samples."""
        for split, entries in self._entries.items():
            if entries:
                database = lmdb.open(str(self._folder / split), map_size=_MOST, lock=False)
                with database, database.begin(write=True) as transaction:
                    for key, value in entries:
                        transaction.put(key.encode(), value)
