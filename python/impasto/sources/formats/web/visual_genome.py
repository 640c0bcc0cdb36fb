"""Visual Genome's descriptions of regions."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.folders import is_image, walk
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import VISUAL_GENOME, require_kind


class VisualGenome(IndexedSource):
    """Images with phrases for their regions (Krishna et al. 2017): ``region_descriptions.json``.

    One row is one image, with the phrases of all its regions as captions. The row's key is the image id. A row's facts
    are its entry: ``id`` and ``regions``, each with its phrase and box.

    Args:
        json: The file: ``[{"id", "regions": [{"phrase", "x", "y", "width", "height", ...}, ...]}]``.
        images: The folder that holds ``VG_100K`` and ``VG_100K_2``, or the images themselves: ``{id}.jpg``.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty; there is no such folder.
    """

    def __init__(self, json: StrPath, *, images: StrPath) -> None:
        root, path = require_folder(images), checks.path("json", json)
        document, kept = read_entries(path)
        require_kind(document, VISUAL_GENOME, path)
        builder, seen = IndexBuilder(root), set()
        places = _places(root)
        for place, one in enumerate(document):
            key = str(one["id"]) if isinstance(one, dict) and isinstance(one.get("id"), int) else None
            regions = one.get("regions") if isinstance(one, dict) else None
            some = regions if isinstance(regions, list) else []
            phrases = as_captions([region.get("phrase") for region in some if isinstance(region, dict)], path=path)
            if key is None:
                error = SourceError(f"entry {place} has no 'id'; give it one, or remove it", path=path)
                builder.add_fault(f"entry {place}", error, phrases)
            elif key in seen:
                builder.add_fault(key, SourceError(f"image {key} occurs twice; remove one", path=path), phrases)
            else:
                builder.add_file(key, places.get(key, f"{key}.jpg"), phrases)
                seen.add(key)
        self._kept = kept[""]
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts = entry(self._kept, row)
        return facts if isinstance(facts, dict) else {}


def _places(root: str) -> dict[str, str]:
    """The images below a folder, by their names without endings."""
    folders = walk(root, left_out=Counter())
    return {Path(name).stem: f"{prefix}{name}" for prefix, names in folders for name in names if is_image(name)}
