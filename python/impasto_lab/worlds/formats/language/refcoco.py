"""RefCOCO+: expressions as a pickle, things as COCO's instances, and proposals."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from impasto_lab.worlds.formats.language.told import told_of
from impasto_lab.worlds.formats.sample import Sample
from impasto_lab.worlds.formats.text import save


class RefCocoWriter:
    """Writes ``refcoco+/refs(unc).p``, ``refcoco+/instances.json`` and ``refcoco+/dets.json``.

    A sample's fact ``"references"`` is a list of ``sentences``, ``bbox`` (left, top, width, height, in pixels) and
    ``category``; ``"proposals"`` are more boxes. Of the images of test, every other one is ``testA``, others ``testB``.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder, self._name = root / "refcoco+", name
        self._images: list[dict[str, Any]] = []
        self._things: list[dict[str, Any]] = []
        self._references: list[dict[str, Any]] = []
        self._proposals: dict[str, list[list[float]]] = {}
        self._names: dict[str, int] = {}
        self._sentences = 0

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample.

        Raises:
            RecipeError: If it has no references.
        """
        split = sample.split if sample.split != "test" else ("testA", "testB")[number % 2]
        self._images.append({"id": number, "file_name": file, "height": sample.height, "width": sample.width})
        self._proposals[str(number)] = [list(box) for box in sample.facts.get("proposals", [])]
        for one in told_of(sample, "references", number, self._name):
            category = self._names.setdefault(one["category"], len(self._names) + 1)
            thing, reference = len(self._things) + 1, len(self._references)
            box = {"bbox": one["bbox"], "area": one["bbox"][2] * one["bbox"][3], "iscrowd": 0}
            self._things.append({"id": thing, "image_id": number, "category_id": category, **box})
            told = []
            for sentence in one["sentences"]:
                ids = {"sent_id": self._sentences, "tokens": sentence.split()}
                told.append({"sent": sentence, "raw": sentence, **ids})
                self._sentences += 1
            ids = {"ref_id": reference, "ann_id": thing, "image_id": number, "category_id": category}
            marks = {"split": split, "file_name": file, "sent_ids": [each["sent_id"] for each in told]}
            self._references.append({**ids, **marks, "sentences": told})

    def close(self) -> None:
        """Writes the files."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / "refs(unc).p").write_bytes(pickle.dumps(self._references, protocol=2))
        info = {"description": f"impasto's {self._name}", "version": "1.0"}
        categories = [{"id": number, "name": name, "supercategory": "shape"} for name, number in self._names.items()]
        things = {"images": self._images, "annotations": self._things, "categories": categories}
        save(self._folder / "instances.json", {"info": info, "licenses": [], **things})
        save(self._folder / "dets.json", self._proposals)
