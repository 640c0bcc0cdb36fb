"""COCO instances: boxes and masks, one JSON a split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.instances.instance import categories_of, instances_of
from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save


class CocoInstancesWriter:
    """Writes ``annotations/instances_{split}.json``; categories are the world's, by name, numbered from 1.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder = root / "annotations"
        self._name = name
        self._images: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._things: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._categories: set[str] = set()

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample.

        Raises:
            RecipeError: If its things aren't known.
        """
        image = {"id": number, "file_name": file, "width": sample.width, "height": sample.height}
        self._images[sample.split].append(image)
        found = instances_of(sample, number, self._name)
        self._categories |= categories_of(sample)
        for one in found:
            self._things[sample.split].append({"image_id": number, **one})

    def close(self) -> None:
        """Writes the files."""
        self._folder.mkdir(exist_ok=True)
        names = sorted(self._categories)
        categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
        identity = 0
        for split in SPLITS:
            annotations = []
            for one in self._things[split]:
                identity += 1
                rest = {name: value for name, value in one.items() if name != "category"}
                number = names.index(one["category"]) + 1
                annotations.append({"id": identity, "category_id": number, "iscrowd": 0, **rest})
            info = {"description": f"impasto's {self._name}, {split}", "version": "1.0"}
            document = {"info": info, "licenses": [], "images": self._images[split], "annotations": annotations}
            save(self._folder / f"instances_{split}.json", {**document, "categories": categories})
