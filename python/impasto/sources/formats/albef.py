"""ALBEF's annotation files, used by TCL and BLIP too."""

import os
from collections.abc import Sequence
from typing import Any

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_json, require_folder
from impasto.sources.reading.json_kind import ALBEF, require_kind


class AlbefCaptions(IndexedSource):
    """Image-caption pairs of ALBEF's JSON files (Li et al. 2021).

    One row is one entry: with ``coco_train.json`` one caption of one image, with ``coco_test.json`` one image with its
    five captions. The row's key is its image path, so entries that share an image share a key. Where every entry has
    an ``image_id``, the row's label numbers the distinct ids in order of appearance, over all files, as ALBEF's
    retrieval training does.

    Args:
        json: A file, or several to be read one after another: ``[{"image", "caption": str | [str, ...],
            "image_id"?}]``.
        root: The folder that the image paths are relative to; by default they are absolute.

    Raises:
        SourceError: A file is missing, malformed, of another format or empty; there is no such folder.
        CaptionError: A caption is not a string.
    """

    def __init__(self, json: StrPath | Sequence[StrPath], *, root: StrPath = "") -> None:
        folder = require_folder(root) if os.fspath(root) else ""
        paths = [os.fspath(one) for one in ([json] if isinstance(json, (str, os.PathLike)) else json)]
        if not paths:
            raise SourceError("the list of files is empty; name at least one", path="")
        entries = [(path, entry) for path in paths for entry in _entries(path)]
        labelled = all("image_id" in entry for _, entry in entries)
        numbers: dict[Any, int] = {}
        builder = IndexBuilder(folder)
        for path, entry in entries:
            image = entry["image"]
            captions = as_captions(entry.get("caption"), key=image, path=path)
            label = numbers.setdefault(str(entry["image_id"]), len(numbers)) if labelled else None
            builder.add_file(image, image, captions, label)
        shown = paths[0] if len(paths) == 1 else paths
        super().__init__(builder.finish(), f"{shown!r}" + (f", root={os.fspath(root)!r}" if folder else ""))


def _entries(path: str) -> list[dict[str, Any]]:
    document = read_json(path)
    require_kind(document, ALBEF, path)
    for place, entry in enumerate(document):
        if not isinstance(entry, dict) or not isinstance(entry.get("image"), str) or not entry["image"]:
            raise SourceError(f"entry {place} has no 'image' path; give it one", path=path)
    entries: list[dict[str, Any]] = document
    return entries
