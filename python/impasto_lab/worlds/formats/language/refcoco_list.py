"""ALBEF's lists of RefCOCO+'s expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.language.told import told_of
from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save


class RefCocoListWriter:
    """Writes ``annotations/refcoco+_{split}.json``; things are numbered as `RefCocoWriter` numbers them.

    A sample's fact ``"references"`` is a list of ``sentences``, ``bbox`` and ``category``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder, self._name = root / "annotations", name
        self._entries: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._references = 0

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample.

        Raises:
            RecipeError: If it has no references.
        """
        for one in told_of(sample, "references", number, self._name):
            ids = {"image": file, "ref_id": self._references}
            self._entries[sample.split] += [{**ids, "text": sentence} for sentence in one["sentences"]]
            self._references += 1

    def close(self) -> None:
        """Writes the files of the splits that have expressions."""
        self._folder.mkdir(exist_ok=True)
        for split, entries in self._entries.items():
            if entries:
                save(self._folder / f"refcoco+_{split}.json", entries)
