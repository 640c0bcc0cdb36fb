"""Parquet files, as the Hugging Face hub has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from impasto_lab.worlds.formats.sample import SPLITS, Sample

#: Rows of a group.
_GROUP = 100


class ParquetWriter:
    """Writes ``parquet/{split}-00000-of-00001.parquet``: ``image`` (a struct of ``bytes`` and ``path``), ``caption``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "parquet"
        self._folder.mkdir()
        self._rows: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        image = {"bytes": sample.image, "path": file}
        self._rows[sample.split].append({"image": image, "caption": list(sample.captions)})

    def close(self) -> None:
        """Writes the splits that have samples."""
        for split, rows in self._rows.items():
            if rows:
                path = self._folder / f"{split}-00000-of-00001.parquet"
                pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=_GROUP)
