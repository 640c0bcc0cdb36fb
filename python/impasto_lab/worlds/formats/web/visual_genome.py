"""Visual Genome's descriptions of regions, with the images in its two folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save


class VisualGenomeWriter:
    """Writes ``visual_genome/{split}/region_descriptions.json`` and ``VG_100K``, ``VG_100K_2`` beside it.

    A caption becomes the phrase of a region that is the whole image.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "visual_genome"
        self._entries: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._regions = 0

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Writes a sample's image and notes its captions."""
        del file
        folder = self._folder / sample.split / ("VG_100K", "VG_100K_2")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(sample.image)
        whole = {"image_id": number, "x": 0, "y": 0, "width": sample.width, "height": sample.height}
        regions = [
            {"region_id": self._regions + place, "phrase": phrase, **whole}
            for place, phrase in enumerate(sample.captions)
        ]
        self._regions += len(regions)
        self._entries[sample.split].append({"id": number, "regions": regions})

    def close(self) -> None:
        """Writes the files of the splits that have samples."""
        for split, entries in self._entries.items():
            if entries:
                save(self._folder / split / "region_descriptions.json", entries)
