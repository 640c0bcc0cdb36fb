"""Pascal VOC: XML with boxes, PNGs with palettes for classes and objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import PIL.Image

from impasto.sources import VOID
from impasto_lab.worlds.formats.instances.instance import Instance, categories_of, instances_of
from impasto_lab.worlds.formats.sample import SPLITS, Sample


class PascalVocWriter:
    """Writes ``voc/`` as VOC2012 is laid out, with ``classes.txt``: its classes in the order of the palette.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._folder = root / "voc"
        self._name = name
        self._splits: dict[str, list[str]] = {split: [] for split in SPLITS}
        self._things: dict[str, list[dict[str, Any]]] = {}
        self._categories: set[str] = set()

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Writes a sample but for its maps, whose numbers are known at the end.

        Raises:
            RecipeError: If its things aren't known.
        """
        found = instances_of(sample, number, self._name)
        self._categories |= categories_of(sample)
        for kind in ("JPEGImages", "Annotations"):
            (self._folder / kind).mkdir(parents=True, exist_ok=True)
        (self._folder / "JPEGImages" / file).write_bytes(sample.image)
        stem = Path(file).stem
        self._splits[sample.split].append(stem)
        self._things[stem] = found
        _xml(file, sample, found).write(self._folder / "Annotations" / f"{stem}.xml", encoding="utf-8")

    def close(self) -> None:
        """Writes maps, lists and classes."""
        classes = sorted(self._categories)
        (self._folder / "classes.txt").write_text("".join(f"{name}\n" for name in classes), encoding="utf-8")
        for kind in ("SegmentationClass", "SegmentationObject"):
            (self._folder / kind).mkdir(parents=True, exist_ok=True)
        for stem, found in self._things.items():
            things = [Instance.of(one) for one in found]
            if not things:
                continue
            of_class, of_object = np.zeros((2, *things[0].mask.shape), np.uint8)
            for number, thing in enumerate(things, start=1):
                of_class[thing.mask] = classes.index(thing.category) + 1
                of_object[thing.mask] = number
            for kind, drawn in (("SegmentationClass", of_class), ("SegmentationObject", of_object)):
                _with_palette(drawn).save(self._folder / kind / f"{stem}.png")
        for kind in ("Main", "Segmentation"):
            lists = self._folder / "ImageSets" / kind
            lists.mkdir(parents=True)
            for split, stems in self._splits.items():
                (lists / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems), encoding="utf-8")


def _xml(file: str, sample: Sample, found: list[dict[str, Any]]) -> ET.ElementTree[ET.Element]:
    root = ET.Element("annotation")
    ET.SubElement(root, "filename").text = file
    size = ET.SubElement(root, "size")
    for name, value in (("width", sample.width), ("height", sample.height), ("depth", 3)):
        ET.SubElement(size, name).text = str(value)
    for one in found:
        left, top, width, height = one["bbox"]
        thing = ET.SubElement(root, "object")
        ET.SubElement(thing, "name").text = one["category"]
        for flag in ("truncated", "difficult"):
            ET.SubElement(thing, flag).text = "0"
        box = ET.SubElement(thing, "bndbox")
        # Pixels are counted from 1, and the last one belongs to the box.
        sides = {"xmin": left + 1, "ymin": top + 1, "xmax": left + width, "ymax": top + height}
        for name, value in sides.items():
            ET.SubElement(box, name).text = str(value)
    return ET.ElementTree(root)


def _with_palette(drawn: np.typing.NDArray[np.uint8]) -> PIL.Image.Image:
    """A PNG whose colours are VOC's: three bits of the number spread over each channel's high bits."""
    numbers = np.arange(VOID + 1)
    palette = np.zeros((VOID + 1, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            palette[:, channel] |= (((numbers >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    image = PIL.Image.fromarray(drawn, "L")
    image.putpalette(palette.ravel().tolist())
    return image
