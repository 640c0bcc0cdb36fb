"""What RefCOCO's folders hold: expressions of things, and the images and boxes of these."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Never

from impasto.checks import is_count, is_number
from impasto.errors import SourceError
from impasto.sources.reading.files import read_data
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import COCO_INSTANCES, require_kind


class References:
    """The things that a folder's expressions mean (Kazemzadeh et al. 2014; Yu et al. 2016).

    Args:
        folder: It holds ``refs(unc).p`` (or the one file ``refs(*).p``) and ``instances.json``.
        refs: The pickled file's name, where there are several.

    Attributes:
        path: The pickled file.
        all: Its things, each with its sentences.

    Raises:
        SourceError: A file is missing, malformed, of another format, or holds something else than data.
    """

    def __init__(self, folder: Path, refs: str | None = None) -> None:
        self.path = refs_file(folder) if refs is None else folder / refs
        self.all = read_references(self.path)
        instances = folder / "instances.json"
        document, kept = read_entries(instances)
        require_kind(document, COCO_INSTANCES, str(instances))
        self._kept = (kept["images"], kept["annotations"])
        self._images, self._things = (by_id(document[name], "id") for name in ("images", "annotations"))
        self._wrong: dict[int, str] = {}
        self._names: dict[int, str] = {}
        for number, one in enumerate(self.all):
            image, thing = self._places(one)
            wrong = _wrong(document, image, thing, one)
            if wrong:
                self._wrong[number] = wrong
            else:
                self._names[number] = document["images"][image]["file_name"]

    def wrong(self, number: int) -> str | None:
        """What is wrong with a thing, by its place in `all`; None where nothing is."""
        return self._wrong.get(number)

    def file_name(self, number: int) -> str:
        """The file name of its image; of a thing with which nothing is wrong."""
        return self._names[number]

    def facts(self, number: int) -> dict[str, Any]:
        """Its ids, its split, and where it is known the box and the image's size."""
        one = self.all[number]
        facts = {name: one.get(name) for name in ("ref_id", "image_id", "ann_id", "category_id", "split")}
        image, thing = self._places(one)
        if image < 0 or thing < 0:
            return facts
        shown, meant = entry(self._kept[0], image), entry(self._kept[1], thing)
        return {**facts, "bbox": meant["bbox"], "height": shown["height"], "width": shown["width"]}

    def _places(self, reference: Mapping[str, Any]) -> tuple[int, int]:
        return place_of(reference.get("image_id"), self._images), place_of(reference.get("ann_id"), self._things)


def refs_file(folder: Path) -> Path:
    """The folder's file of expressions.

    Raises:
        SourceError: There is none, or there are several and no ``refs(unc).p``.
    """
    found = sorted(folder.glob("refs(*).p")) if folder.is_dir() else []
    if folder / "refs(unc).p" in found:
        return folder / "refs(unc).p"
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "no refs(*).p"
        raise SourceError(f"the folder has {names}; name one with refs=", path=str(folder))
    return found[0]


def read_references(path: Path) -> list[dict[str, Any]]:
    """The list in a pickled file; nothing in it is run.

    Raises:
        SourceError: The file is missing, damaged, or holds something else than numbers, strings, lists and dicts.
    """
    data = read_data(path)
    try:
        found = _DataAlone(io.BytesIO(data), encoding="utf-8", errors="surrogateescape").load()
    except SourceError as error:
        raise SourceError(error.reason, path=str(path)) from None
    except (pickle.UnpicklingError, EOFError, ValueError, LookupError, TypeError, AttributeError, MemoryError) as error:
        # A damaged length may ask for more memory than there is.
        raise SourceError(f"the pickled file is damaged: {error!r}; download it again", path=str(path)) from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found) or not found:
        raise SourceError("it holds no list of expressions; check the path", path=str(path))
    return found


class _DataAlone(pickle.Unpickler):
    """Knows no name: whatever would make or call something is refused before it is made."""

    def find_class(self, module: str, name: str, /) -> Never:
        """Refuses."""
        raise SourceError(f"the pickled file asks for {module}.{name}, and data needs none; it may do harm, delete it")


def by_id(entries: list[Any], field: str) -> dict[Any, int]:
    """The places of entries by the id in a field; entries without one are left out."""
    ids = ((place, one.get(field)) for place, one in enumerate(entries) if isinstance(one, dict))
    return {id: place for place, id in ids if isinstance(id, int | str)}


def place_of(id: Any, places: Mapping[Any, int]) -> int:
    """The place of an id, -1 where there is none; what is no id, such as a list, has none."""
    return places.get(id, -1) if isinstance(id, int | str) else -1


def _wrong(document: Mapping[str, Any], image: int, annotation: int, reference: Mapping[str, Any]) -> str | None:
    """What is wrong with what an expression means."""
    where = f"ref_id {reference.get('ref_id')!r}"
    if image < 0 or annotation < 0:
        return f"{where} is of an image or a thing that instances.json lacks; take both files from one archive"
    shown, box = document["images"][image], document["annotations"][annotation].get("bbox")
    sized = all(is_count(shown.get(name)) and shown[name] > 0 for name in ("height", "width"))
    if not isinstance(shown.get("file_name"), str) or not sized:
        return f"{where}: its image lacks a file_name, height or width; repair instances.json"
    if not isinstance(box, list) or len(box) != 4 or not all(is_number(one) for one in box):
        return f"{where}: its thing has no bbox [left, top, width, height]; repair instances.json"
    return None
