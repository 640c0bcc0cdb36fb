"""ALBEF's lists of RefCOCO+'s expressions."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.formats.language.references import References, by_id, place_of
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry, read_entries


class RefCocoList(IndexedSource):
    """Referring expressions of ALBEF's ``refcoco+_train.json``, ``_val.json`` and ``_test.json`` (Li et al. 2021).

    One row is one entry, in the order of the file; its key is its image's path. A row's facts are its entry, and of the
    thing that its ``ref_id`` names what `RefCoco` says: ``split``, ``bbox``, ``height``, ``width`` and the ids.

    Args:
        json: The file: ``[{"image", "text", "ref_id"}]``; entries to train on need no ``ref_id``.
        images: The folder that the image paths are relative to.
        folder: The folder with ``refs(unc).p`` and ``instances.json``; without it there are no boxes.

    Attributes:
        folder: As given, or None.

    Raises:
        SourceError: A file is missing, malformed, of another format or empty; there is no such folder.
    """

    def __init__(self, json: StrPath, *, images: StrPath, folder: StrPath | None = None) -> None:
        root = require_folder(images)
        path = checks.path("json", json)
        document, kept = read_entries(path)
        if not isinstance(document, list) or not any(_told(one) for one in document[:100]):
            raise SourceError("this is no list of expressions with 'image' and 'text'; check the path", path=path)
        self._kept = kept[""]
        self.folder = None if folder is None else Path(checks.path("folder", folder))
        self._references = None if self.folder is None else References(self.folder)
        numbers = by_id(getattr(self._references, "all", []), "ref_id")
        builder = IndexBuilder(root)
        self._things: list[int] = []
        for place, one in enumerate(document):
            fields = one if isinstance(one, dict) else {}
            image, reference = fields.get("image"), fields.get("ref_id")
            thing = place_of(reference, numbers)
            self._things.append(thing)
            captions = as_captions(fields.get("text"), path=path)
            wrong = None
            if not isinstance(image, str) or not image:
                wrong = f"entry {place} has no 'image' path; give it one, or remove it"
            elif self._references is not None and reference is not None:
                unknown = f"ref_id {reference!r} is none of the folder's; take both files from one archive"
                wrong = self._references.wrong(thing) if thing >= 0 else unknown
            if wrong:
                builder.add_fault(f"entry {place}", SourceError(wrong, path=path), captions)
            else:
                builder.add_file(str(image), str(image), captions)
        told = f"{path!r}, images={os.fspath(images)!r}" + ("" if folder is None else f", folder={str(self.folder)!r}")
        super().__init__(builder.finish(), told)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts, thing = entry(self._kept, row), self._things[row]
        facts = facts if isinstance(facts, dict) else {}
        return facts if self._references is None or thing < 0 else {**facts, **self._references.facts(thing)}


def references_beside(json: Path) -> Path | None:
    """The folder with ``refs(unc).p`` that lies near a list: in its folder, that one's, or a ``refcoco+`` there."""
    here = json.absolute().parent
    near = (here, here / "refcoco+", here.parent, here.parent / "refcoco+")
    found = (one for one in near if any(one.glob("refs(*).p")) and (one / "instances.json").is_file())
    return next(found, None)


def _told(one: Any) -> bool:
    return isinstance(one, dict) and {"image", "text"} <= set(one)
