"""RefCOCO, RefCOCO+ and RefCOCOg: expressions that mean one thing of an image."""

import io
import os
import pickle
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Never

from impasto import checks
from impasto._core import IndexBuilder
from impasto.checks import is_number
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_data, require_folder
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import COCO_INSTANCES, require_kind


class RefCoco(IndexedSource):
    """Referring expressions of RefCOCO's folders (Kazemzadeh et al. 2014; Yu et al. 2016).

    One row is one expression, in the order of the file; its key is its image's file name, so that expressions about an
    image share one. A row's facts are ``ref_id``, ``sent_id``, ``image_id``, ``ann_id``, ``category_id``, ``bbox``
    (left, top, width and height of what is meant, in pixels), and the image's ``height`` and ``width``.

    ``refs(unc).p`` is a pickle: it is read by an unpickler that knows no function or class, so nothing in it can run.

    Args:
        folder: It holds ``refs(unc).p`` (or the one file ``refs(*).p``) and ``instances.json``.
        images: The folder of COCO's ``train2014`` images.
        split: ``"train"``, ``"val"``, ``"testA"``, ``"testB"`` (RefCOCOg: ``"test"``); several joined by ``"+"``.
        refs: The pickled file's name, where there are several.

    Raises:
        SourceError: A file is missing, malformed, of another format, holds something else than data, or has no
            expression of these splits; there is no such folder.
    """

    def __init__(self, folder: StrPath, *, images: StrPath, split: str = "val", refs: str | None = None) -> None:
        place, root = Path(checks.path("folder", folder)), require_folder(images)
        path = refs_file(place) if refs is None else place / refs
        known = read_references(path)
        instances = place / "instances.json"
        document, kept = read_entries(instances)
        require_kind(document, COCO_INSTANCES, str(instances))
        self._kept = (kept["images"], kept["annotations"])
        numbers = [_by_id(document[name]) for name in ("images", "annotations")]
        wanted = split.split("+")
        builder, there = IndexBuilder(root), Counter[str]()
        self._rows: list[tuple[dict[str, Any], int, int, int]] = []
        for number, one in enumerate(known):
            there[str(one.get("split"))] += 1
            if one.get("split") not in wanted:
                continue
            image, annotation = numbers[0].get(one.get("image_id"), -1), numbers[1].get(one.get("ann_id"), -1)
            wrong = _wrong(document, image, annotation, one)
            for sentence in one.get("sentences") or [{}]:
                self._rows.append((one, sentence.get("sent_id", -1), image, annotation))
                captions = as_captions(sentence.get("sent", sentence.get("raw")), path=str(path))
                if wrong:
                    builder.add_fault(f"refs[{number}]", SourceError(wrong, path=str(path)), captions)
                else:
                    name = document["images"][image]["file_name"]
                    builder.add_file(name, name, captions)
        absent = [one for one in wanted if not there[one]]
        if absent:
            present = ", ".join(f"{name} ({count} objects)" for name, count in there.items())
            raise SourceError(f"no expression is of split {absent[0]!r}; the file has {present}", path=str(path))
        super().__init__(builder.finish(), f"{str(place)!r}, images={os.fspath(images)!r}, split={split!r}")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        reference, sentence, image, annotation = self._rows[row]
        facts = {name: reference.get(name) for name in ("ref_id", "image_id", "ann_id", "category_id")}
        facts["sent_id"] = sentence
        if image < 0 or annotation < 0:
            return facts
        shown, meant = entry(self._kept[0], image), entry(self._kept[1], annotation)
        return {**facts, "bbox": meant["bbox"], "height": shown["height"], "width": shown["width"]}


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
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"the pickled file is damaged: {error}; download it again", path=str(path)) from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found) or not found:
        raise SourceError("it holds no list of expressions; check the path", path=str(path))
    return found


class _DataAlone(pickle.Unpickler):
    """Knows no name: whatever would make or call something is refused before it is made."""

    def find_class(self, module: str, name: str, /) -> Never:
        """Refuses."""
        raise SourceError(f"the pickled file asks for {module}.{name}, and data needs none; it may do harm, delete it")


def _by_id(entries: list[Any]) -> dict[Any, int]:
    return {one["id"]: place for place, one in enumerate(entries) if isinstance(one, dict) and "id" in one}


def _wrong(document: Mapping[str, Any], image: int, annotation: int, reference: Mapping[str, Any]) -> str | None:
    """What is wrong with what an expression means."""
    where = f"ref_id {reference.get('ref_id')!r}"
    if image < 0 or annotation < 0:
        return f"{where} is of an image or a thing that instances.json lacks; take both files from one archive"
    shown, box = document["images"][image], document["annotations"][annotation].get("bbox")
    sized = all(isinstance(shown.get(name), int) for name in ("height", "width"))
    if not isinstance(shown.get("file_name"), str) or not sized:
        return f"{where}: its image lacks a file_name, height or width; repair instances.json"
    if not isinstance(box, list) or len(box) != 4 or not all(is_number(one) for one in box):
        return f"{where}: its thing has no bbox [left, top, width, height]; repair instances.json"
    return None
