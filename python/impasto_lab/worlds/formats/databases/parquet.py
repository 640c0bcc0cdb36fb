"""Parquet files, as the Hugging Face hub has them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet

from impasto_lab.worlds.formats.databases.rows import RowsBySplit
from impasto_lab.worlds.formats.sample import Sample, Split

#: Rows of a group.
_GROUP = 100


class ParquetWriter(RowsBySplit[dict[str, Any]]):
    """Writes ``parquet/{split}-00000-of-00001.parquet``: ``image`` (``bytes`` and ``path``) and ``caption``."""

    FOLDER = "parquet"

    def row(self, file: str, sample: Sample) -> dict[str, Any]:
        """The columns of a sample."""
        return {"image": {"bytes": sample.image, "path": file}, "caption": list(sample.captions)}

    def write(self, split: Split, rows: list[dict[str, Any]]) -> None:
        """Writes the split's file."""
        path = self.folder / f"{split}-00000-of-00001.parquet"
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=_GROUP)
