"""Pascal VOC: boxes in XML, segmentation in PNGs with a palette."""

import os
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np

from impasto._core import IndexBuilder
from impasto.checks import require, texts
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.masks import PngMap
from impasto.sources.reading.files import StrPath, read_data, read_text, require_folder
from impasto.sources.reading.showing import show

#: The classes of all years from 2007 on, in the order of the palette.
CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
_MOST_BYTES = 1 << 24


class PascalVoc(IndexedSource):
    """Images with boxes and segmentation of a Pascal VOC folder (Everingham et al. 2010): ``VOCdevkit/VOC2012``.

    One row is one image; its key is its name without the ending. Rows have no captions. A row's facts are, of the N
    objects in its XML, in their order:

    - ``boxes``, [N, 4] float64: left, top, right, bottom, in pixels from 0 (the XML counts pixels from 1, both sides
      within the box);
    - ``categories``, [N] int64: places in ``classes``;
    - ``difficult`` and ``truncated``, [N] bool;
    - ``segmentation`` and ``objects``, where the image has them: each a `PngMap` of 0 for the ground, 255 for void, and
      otherwise a category's number and 1, or an object's.

    Args:
        folder: Holds ``JPEGImages``, ``Annotations`` and ``ImageSets``.
        split: A list in ``ImageSets``: ``"train"`` is that of ``Main``, ``"Segmentation/train"`` another's. None takes
            all annotated images, by name.
        classes: Names, in the order of the palette; None is VOC's own twenty.
        images: Holds the images in place of ``JPEGImages``, by the same names: restyled ones, say.

    Attributes:
        classes: Names of the classes.

    Raises:
        SourceError: A folder or the split is missing or empty.
        RecipeError: An argument is of a wrong kind.
    """

    def __init__(
        self,
        folder: StrPath,
        *,
        split: str | None = None,
        classes: Sequence[str] | None = None,
        images: StrPath | None = None,
    ) -> None:
        root = Path(require_folder(folder, "folder"))
        require(split is None or isinstance(split, str), f"split={split!r} must be the name of a list in ImageSets")
        self.classes = texts("classes", CLASSES if classes is None else classes)
        names = _annotated(root) if split is None else _listed(root, split)
        builder = IndexBuilder(require_folder(root / "JPEGImages" if images is None else images))
        numbers = {name: number for number, name in enumerate(self.classes)}
        self._root, objects, ends = root, [], array("q")
        for name in names:
            try:
                objects += _objects(root / "Annotations" / f"{name}.xml", numbers)
                builder.add_file(name, f"{name}.jpg", [])
            except SourceError as error:
                builder.add_fault(name, error)
            ends.append(len(objects))
        self._ends = ends
        self._boxes = np.array([one.box for one in objects], np.float64).reshape(-1, 4)
        self._categories = np.array([one.category for one in objects], np.int64)
        self._difficult = np.array([one.difficult for one in objects], np.bool_)
        self._truncated = np.array([one.truncated for one in objects], np.bool_)
        told = "" if split is None else f", split={split!r}"
        super().__init__(builder.finish(), f"{os.fspath(folder)!r}{told}")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        if self._index.fault(row) is not None:
            return {}
        own = slice(self._ends[row - 1] if row else 0, self._ends[row])
        facts: dict[str, Any] = {
            "boxes": self._boxes[own].copy(),
            "categories": self._categories[own].copy(),
            "difficult": self._difficult[own].copy(),
            "truncated": self._truncated[own].copy(),
        }
        for fact, kind in (("segmentation", "SegmentationClass"), ("objects", "SegmentationObject")):
            path = self._root / kind / f"{self.key(row)}.png"
            if path.is_file():
                facts[fact] = PngMap(str(path))
        return facts


class _Object(NamedTuple):
    """An object: left, top, right and bottom from 0, its class, and what is said of it."""

    box: tuple[float, float, float, float]
    category: int
    difficult: bool
    truncated: bool


def is_voc(folder: Path) -> bool:
    """Whether a folder is laid out as VOC's."""
    return (folder / "JPEGImages").is_dir() and (folder / "Annotations").is_dir()


def _annotated(root: Path) -> list[str]:
    names = sorted(path.stem for path in Path(require_folder(root / "Annotations", "annotations")).glob("*.xml"))
    if not names:
        raise SourceError("the data set is empty: no XML lies there; check the path", path=str(root / "Annotations"))
    return names


def _listed(root: Path, split: str) -> list[str]:
    path = root / "ImageSets" / (f"{split}.txt" if "/" in split else f"Main/{split}.txt")
    if not path.is_file():
        lists = sorted(one.relative_to(root / "ImageSets").with_suffix("") for one in root.glob("ImageSets/*/*.txt"))
        there = ", ".join(str(one) for one in lists if "_" not in one.name)
        raise SourceError(f"there is no such split; there are: {there or 'none'}", path=str(path))
    lines = [line.split() for line in read_text(path).splitlines() if line.strip()]
    if not lines:
        raise SourceError("the data set is empty: the list names no image; check the split", path=str(path))
    if any(len(line) != 1 for line in lines):
        reason = "its lines hold more than a name, as the lists of single classes do; name the split of all classes"
        raise SourceError(reason, path=str(path))
    return [line[0] for line in lines]


def _objects(path: Path, numbers: Mapping[str, int]) -> list[_Object]:
    """The objects of an image.

    Raises:
        SourceError: The XML is missing, damaged, or says what makes no sense.
    """
    try:
        document = ET.fromstring(read_data(path, _MOST_BYTES))
    except (ET.ParseError, LookupError) as error:
        raise SourceError(f"the XML can't be read: {error}; unpack it again", path=str(path)) from error
    return [_object(number, one, numbers, path) for number, one in enumerate(document.iter("object"))]


def _object(number: int, one: ET.Element, numbers: Mapping[str, int], path: Path) -> _Object:
    name = (one.findtext("name") or "").strip()
    if name not in numbers:
        known = "; name the classes with classes=" if name else ""
        raise SourceError(f"object {number} is of the class {show(name)}, which is not known{known}", path=str(path))
    sides = [one.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
    try:
        left, top, right, bottom = (float(side or "") for side in sides)
    except ValueError:
        left = top = right = bottom = float("nan")
    if not (right >= left - 1 and bottom >= top - 1 and np.isfinite([left, top, right, bottom]).all()):
        raise SourceError(f"object {number} has the box {sides}; repair it", path=str(path))
    difficult, truncated = (one.findtext(flag, "0").strip() == "1" for flag in ("difficult", "truncated"))
    return _Object((left - 1, top - 1, right, bottom), numbers[name], difficult, truncated)
