"""Data sets of the Hugging Face ``datasets`` library."""

from __future__ import annotations

from typing import Any

import datasets

from impasto_lab.worlds.formats.databases.rows import RowsBySplit
from impasto_lab.worlds.formats.sample import Sample, Split


class HuggingFaceWriter(RowsBySplit[dict[str, Any]]):
    """Writes ``huggingface/{split}``, for ``datasets.load_from_disk``: columns ``image`` and ``caption`` (a list)."""

    FOLDER = "huggingface"

    def row(self, file: str, sample: Sample) -> dict[str, Any]:
        """The columns of a sample."""
        return {"image": {"bytes": sample.image, "path": file}, "caption": list(sample.captions)}

    def write(self, split: Split, rows: list[dict[str, Any]]) -> None:
        """Writes the split's folder."""
        kinds = {"image": datasets.Image(), "caption": datasets.Sequence(datasets.Value("string"))}
        table = datasets.Dataset.from_list(rows, features=datasets.Features(kinds))
        table.save_to_disk(str(self.folder / split))
