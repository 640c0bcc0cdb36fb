"""Data sets of the Hugging Face ``datasets`` library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets

from impasto_lab.worlds.formats.sample import SPLITS, Sample


class HuggingFaceWriter:
    """Writes ``huggingface/{split}``, for ``datasets.load_from_disk``: columns ``image`` and ``caption`` (a list).

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "huggingface"
        self._rows: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        image = {"bytes": sample.image, "path": file}
        self._rows[sample.split].append({"image": image, "caption": list(sample.captions)})

    def close(self) -> None:
        """Writes the splits that have samples."""
        kinds = {"image": datasets.Image(), "caption": datasets.Sequence(datasets.Value("string"))}
        for split, rows in self._rows.items():
            if rows:
                table = datasets.Dataset.from_list(rows, features=datasets.Features(kinds))
                table.save_to_disk(str(self._folder / split))
