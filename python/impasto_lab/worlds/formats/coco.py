"""COCO captions: one JSON a split, and what else is known of each image beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import dump, save


class CocoWriter:
    """Writes ``annotations/captions_{split}.json`` and ``annotations/facts_{split}.jsonl``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder = root / "annotations"
        self._folder.mkdir()
        self._name = name
        self._images: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._annotations: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._facts: dict[str, list[str]] = {split: [] for split in SPLITS}
        self._sentences = 0

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        image = {"id": number, "file_name": file, "width": sample.width, "height": sample.height}
        self._images[sample.split].append(image)
        for caption in sample.captions:
            self._sentences += 1
            annotation = {"id": self._sentences, "image_id": number, "caption": caption}
            self._annotations[sample.split].append(annotation)
        self._facts[sample.split].append(dump({"id": number, **sample.facts}) + "\n")

    def close(self) -> None:
        """Writes the files."""
        for split in SPLITS:
            info = {"description": f"impasto's {self._name}, {split}", "version": "1.0"}
            images, annotations = self._images[split], self._annotations[split]
            document = {"info": info, "licenses": [], "images": images, "annotations": annotations}
            save(self._folder / f"captions_{split}.json", document)
            (self._folder / f"facts_{split}.jsonl").write_text("".join(self._facts[split]), encoding="utf-8")
