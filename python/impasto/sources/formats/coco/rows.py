"""What all of COCO's files have in common: images, and the annotations that name them."""

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import Caption
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import require_kind

#: An image's annotations, each with its place in the file.
Numbered: TypeAlias = list[tuple[int, Any]]
#: From an image and its annotations to its captions, and what is wrong with it.
ReadRow: TypeAlias = Callable[[Any, Numbered], tuple[list[Caption], SourceError | None]]


class CocoRows(IndexedSource):
    """Rows that are images, in the order of the file, with their annotations in the order of their ids.

    Args:
        annotations: The JSON file.
        images: The folder that the file names are relative to.
        kind: The name of the source that reads such a file.
        reading: From the document and its path to what reads a row of it.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty; there is no such folder.
    """

    def __init__(
        self, annotations: StrPath, images: StrPath, kind: str, reading: Callable[[dict[str, Any], str], ReadRow]
    ) -> None:
        root = require_folder(images)
        path = checks.path("annotations", annotations)
        document, kept = read_entries(path)
        require_kind(document, kind, path)
        if not document["images"]:
            raise SourceError("the data set is empty: 'images' has no entries; check the path", path=path)
        read_row = reading(document, path)
        left_out: Counter[str] = Counter()
        places = _places_by_row(document, left_out)
        builder = IndexBuilder(root)
        for place, image in enumerate(document["images"]):
            numbered = [(number, document["annotations"][number]) for number in places[place]]
            captions, fault = read_row(image, numbered)
            wrong = _wrong(place, image, path, duplicate=places[place] is _DUPLICATE) or fault
            number = image.get("id") if isinstance(image, dict) else None
            key = str(number) if isinstance(number, (int, str)) else f"images[{place}]"
            if wrong:
                builder.add_fault(key, wrong, captions)
            else:
                builder.add_file(key, image["file_name"], captions)
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


def _wrong(place: int, image: Any, path: str, *, duplicate: bool) -> SourceError | None:
    """What is wrong with an image's own entry."""
    number = image.get("id") if isinstance(image, dict) else None
    if not isinstance(number, (int, str)):
        return SourceError(f"images[{place}] has no 'id'; give each image one", path=path)
    if duplicate:
        return SourceError(f"image id {number} occurs twice; give each image an id of its own", path=path)
    if not isinstance(image.get("file_name"), str) or not image["file_name"]:
        return SourceError(f"image id {number} has no 'file_name'; give it one", path=path)
    return None


def _ends(places: list[list[int]]) -> Iterable[int]:
    end = 0
    for numbers in places:
        end += len(numbers)
        yield end
