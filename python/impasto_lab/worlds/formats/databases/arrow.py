"""Arrow files, as ViLT's."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from impasto_lab.worlds.formats.databases.rows import RowsBySplit
from impasto_lab.worlds.formats.sample import Sample, Split

#: Rows of a batch.
_BATCH = 100


class ArrowWriter(RowsBySplit[dict[str, Any]]):
    """Writes ``arrow/{split}.arrow``: columns ``image`` (bytes), ``caption`` (a list), ``image_id``, ``split``."""

    FOLDER = "arrow"

    def row(self, file: str, sample: Sample) -> dict[str, Any]:
        """The columns of a sample."""
        return {"image": sample.image, "caption": list(sample.captions), "image_id": file, "split": sample.split}

    def write(self, split: Split, rows: list[dict[str, Any]]) -> None:
        """Writes the split's file."""
        table = pa.Table.from_pylist(rows)
        with pa.ipc.new_file(str(self.folder / f"{split}.arrow"), table.schema) as out:
            out.write_table(table, max_chunksize=_BATCH)
