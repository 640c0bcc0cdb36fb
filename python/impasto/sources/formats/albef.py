"""ALBEF's annotation files, used by TCL and BLIP too."""

import os
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import ALBEF, require_kind


class AlbefCaptions(IndexedSource):
    """Image-caption pairs of ALBEF's JSON files (Li et al. 2021).

    One row is one entry: with ``coco_train.json`` one caption of one image, with ``coco_test.json`` one image with its
    five captions. The row's key is its image path, so entries that share an image share a key. Where every entry has
    an ``image_id``, the row's label numbers the distinct ids in order of appearance, over all files, as ALBEF's
    retrieval training does. A row's facts are its whole entry: a question and its answers, an ``image_id``.

    Args:
        json: A file, or several to be read one after another: ``[{"image", "caption": str | [str, ...],
            "image_id"?}]``.
        images: The folder that the image paths are relative to; by default they are absolute.
        root: What ``images`` was called.

    Raises:
        SourceError: A file is missing, malformed, of another format or empty; there is no such folder.
    """

    def __init__(self, json: StrPath | Sequence[StrPath], *, images: StrPath = "", root: StrPath = "") -> None:
        images = root if images == "" else images
        folder = require_folder(images) if images != "" else ""
        several = json if isinstance(json, Iterable) and not isinstance(json, str | os.PathLike) else [json]
        paths = [checks.path("json", one) for one in several]
        if not paths:
            raise SourceError("the list of files is empty; name at least one", path="")
        builder = IndexBuilder(folder)
        entries: list[tuple[str, int, Any]] = []
        self._kept = []
        for path in paths:
            document, kept = read_entries(path)
            require_kind(document, ALBEF, path)
            entries += ((path, place, one) for place, one in enumerate(document))
            self._kept.append(kept[""])
        labelled = all("image_id" in one for _, _, one in entries if isinstance(one, dict))
        numbers: dict[str, int] = {}
        for path, place, one in entries:
            image = one.get("image") if isinstance(one, dict) else None
            captions = as_captions(one.get("caption") if isinstance(one, dict) else None, path=path)
            if isinstance(image, str) and image:
                label = numbers.setdefault(str(one["image_id"]), len(numbers)) if labelled else None
                builder.add_file(image, image, captions, label)
            else:
                error = SourceError(f"entry {place} has no 'image' path; give it one, or remove it", path=path)
                builder.add_fault(f"entry {place}", error, captions)
        self._ends = list(accumulate(map(len, self._kept)))
        shown = paths[0] if len(paths) == 1 else paths
        super().__init__(builder.finish(), f"{shown!r}" + (f", images={os.fspath(images)!r}" if folder else ""))

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        file = bisect_right(self._ends, row)
        facts = entry(self._kept[file], row - (self._ends[file - 1] if file else 0))
        return facts if isinstance(facts, dict) else {}
