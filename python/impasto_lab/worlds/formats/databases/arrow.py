"""Arrow files, as ViLT's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from impasto_lab.worlds.formats.sample import SPLITS, Sample

#: Rows of a batch.
_BATCH = 100


class ArrowWriter:
    """Writes ``arrow/{split}.arrow``: columns ``image`` (bytes), ``caption`` (a list), ``image_id``, ``split``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "arrow"
        self._folder.mkdir()
        self._rows: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        row = {"image": sample.image, "caption": list(sample.captions), "image_id": file, "split": sample.split}
        self._rows[sample.split].append(row)

    def close(self) -> None:
        """Writes the splits that have samples."""
        for split, rows in self._rows.items():
            if rows:
                table = pa.Table.from_pylist(rows)
                with pa.ipc.new_file(str(self._folder / f"{split}.arrow"), table.schema) as out:
                    out.write_table(table, max_chunksize=_BATCH)
