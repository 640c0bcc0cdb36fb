"""ALBEF's annotation files: an entry a caption for training, an entry an image for evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save


class AlbefWriter:
    """Writes ``albef/{split}.json``: ``[{"image", "caption", "image_id"}]``, image paths below the folder of images.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        del name
        self._folder = root / "albef"
        self._folder.mkdir()
        self._entries: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        entries: list[dict[str, Any]]
        if sample.split == "train":
            entries = [{"image": file, "caption": one, "image_id": f"{number}"} for one in sample.captions]
        else:
            entries = [{"image": file, "caption": list(sample.captions)}]
        self._entries[sample.split] += entries

    def close(self) -> None:
        """Writes the files of the splits that have samples."""
        for split, entries in self._entries.items():
            if entries:
                save(self._folder / f"{split}.json", entries)
