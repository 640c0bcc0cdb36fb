"""COCO captions: ``captions_train2017.json`` and its like."""

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import CaptionError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import COCO, require_kind


class CocoCaptions(IndexedSource):
    """Images and captions of a COCO captions file (Lin et al. 2014, Chen et al. 2015).

    One row is one image, in the order of the file, with all its captions, in the order of their annotation ids. The
    row's key is the image id. An image without annotations stays as a row without captions. Annotations of images that
    are not listed are left out. A row's facts are its entry in ``images``, and its ``"annotations"`` as they stand:
    boxes, masks and categories too, where a file has them.

    Args:
        annotations: The JSON file: ``{"images": [{"id", "file_name"}], "annotations": [{"id", "image_id",
            "caption"}]}``.
        images: The folder that the file names are relative to. A missing image is found when it is read, or by
            ``impasto info``.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty; there is no such folder.
    """

    def __init__(self, annotations: StrPath, *, images: StrPath) -> None:
        root = require_folder(images)
        path = checks.path("annotations", annotations)
        document, kept = read_entries(path)
        require_kind(document, COCO, path)
        if not document["images"]:
            raise SourceError("the data set is empty: 'images' has no entries; check the path", path=path)
        left_out: Counter[str] = Counter()
        places = _places_by_row(document, left_out)
        builder = IndexBuilder(root)
        seen: set[int] = set()
        for place, image in enumerate(document["images"]):
            numbered = [(number, document["annotations"][number]) for number in places[place]]
            captions = as_captions([_caption(number, one, seen, path) for number, one in numbered], path=path)
            _add(builder, place, image, captions, path, duplicate=places[place] is _DUPLICATE)
        self._images, self._annotations = kept["images"], kept["annotations"]
        self._numbers = array("q", (number for numbers in places for number in numbers))
        self._ends = array("q", _ends(places))
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}", left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        image = entry(self._images, row)
        numbers = self._numbers[self._ends[row - 1] if row else 0 : self._ends[row]]
        annotations = [entry(self._annotations, number) for number in numbers]
        return {**(image if isinstance(image, dict) else {}), "annotations": annotations}


_DUPLICATE: list[int] = []


def _places_by_row(document: dict[str, Any], left_out: Counter[str]) -> list[list[int]]:
    """The places of each image's annotations, in the order of their ids."""
    rows: dict[int | str, list[int]] = {}
    places: list[list[int]] = []
    for image in document["images"]:
        number = image.get("id") if isinstance(image, dict) else None
        if not isinstance(number, (int, str)):
            places.append([])
        elif number in rows:
            places.append(_DUPLICATE)
        else:
            rows[number] = []
            places.append(rows[number])
    for place, annotation in enumerate(document["annotations"]):
        image_id = annotation.get("image_id") if isinstance(annotation, dict) else None
        if isinstance(image_id, (int, str)) and image_id in rows:
            rows[image_id].append(place)
        else:
            left_out["annotations of unknown images"] += 1
    for numbers in rows.values():
        numbers.sort(key=lambda place: _order(document["annotations"][place], place))
    return places


def _order(annotation: dict[str, Any], place: int) -> tuple[int, int]:
    number = annotation.get("id", place)
    return (number if isinstance(number, int) else place, place)


def _caption(place: int, annotation: dict[str, Any], seen: set[int], path: str) -> object:
    number = annotation.get("id", place)
    if not isinstance(number, int) or number in seen:
        reason = f"annotation id {number!r} occurs twice or is no integer; number the annotations afresh"
        return CaptionError(reason, path=path)
    seen.add(number)
    if "caption" not in annotation:
        return CaptionError(f"annotation id {number} has no 'caption'; give it one, or remove it", path=path)
    return annotation["caption"]


def _add(builder: IndexBuilder, place: int, image: Any, captions: list[Any], path: str, *, duplicate: bool) -> None:
    number = image.get("id") if isinstance(image, dict) else None
    if not isinstance(number, (int, str)):
        error = SourceError(f"images[{place}] has no 'id'; give each image one", path=path)
        builder.add_fault(f"images[{place}]", error, captions)
    elif duplicate:
        reason = f"image id {number} occurs twice; give each image an id of its own"
        builder.add_fault(str(number), SourceError(reason, path=path), captions)
    elif not isinstance(image.get("file_name"), str) or not image["file_name"]:
        error = SourceError(f"image id {number} has no 'file_name'; give it one", path=path)
        builder.add_fault(str(number), error, captions)
    else:
        builder.add_file(str(number), image["file_name"], captions)


def _ends(places: list[list[int]]) -> Iterable[int]:
    end = 0
    for numbers in places:
        end += len(numbers)
        yield end
