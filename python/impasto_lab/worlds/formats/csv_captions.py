"""open_clip's tables: a line a caption, with a column of image paths and one of captions."""

from __future__ import annotations

import csv
from pathlib import Path

from impasto_lab.worlds.formats.sample import SPLITS, Sample


class CsvWriter:
    r"""Writes ``csv/{split}.tsv``: ``filepath<TAB>title``, paths below the folder of images.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "csv"
        self._folder.mkdir()
        self._rows: dict[str, list[tuple[str, str]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        self._rows[sample.split] += [(file, caption) for caption in sample.captions]

    def close(self) -> None:
        """Writes the files of the splits that have samples."""
        for split, rows in self._rows.items():
            if rows:
                with (self._folder / f"{split}.tsv").open("w", encoding="utf-8", newline="") as out:
                    table = csv.writer(out, delimiter="\t", lineterminator="\n")
                    table.writerow(["filepath", "title"])
                    table.writerows(rows)
