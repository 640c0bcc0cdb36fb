"""Flickr's three layouts of captions: the token file, the table with bars, the CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from impasto_lab.worlds.formats.sample import SPLITS, Sample


class FlickrWriter:
    """Writes ``flickr/{split}.token`` (``name#number<TAB>caption``), ``{split}.bars.csv`` and ``{split}.captions.txt``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "flickr"
        self._folder.mkdir()
        self._rows: dict[str, list[tuple[str, int, str]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        self._rows[sample.split] += [(file, place, caption) for place, caption in enumerate(sample.captions)]

    def close(self) -> None:
        """Writes the files of the splits that have samples."""
        for split, rows in self._rows.items():
            if not rows:
                continue
            token = "".join(f"{file}#{place}\t{caption}\n" for file, place, caption in rows)
            (self._folder / f"{split}.token").write_text(token, encoding="utf-8")
            bars = "".join(f"{file}| {place}| {caption}\n" for file, place, caption in rows)
            (self._folder / f"{split}.bars.csv").write_text("image_name| comment_number| comment\n" + bars, "utf-8")
            with (self._folder / f"{split}.captions.txt").open("w", encoding="utf-8", newline="") as out:
                table = csv.writer(out, lineterminator="\n")
                table.writerow(["image", "caption"])
                table.writerows((file, caption) for file, _, caption in rows)
