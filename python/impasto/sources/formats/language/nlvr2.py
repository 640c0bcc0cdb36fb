"""NLVR2: is a sentence true of a pair of images?"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from impasto import checks
from impasto._core import IndexBuilder
from impasto.checks import choice
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.formats.language.json_lines import read_objects, require_fields
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry
from impasto.sources.reading.showing import show

#: The labels as files have them, of any age.
_TRUTHS = {"true": 1, "false": 0}


class Nlvr2(IndexedSource):
    """Sentences about pairs of images, of NLVR2's files (Suhr et al. 2019), or of ALBEF's.

    One row is one statement, in the order of the file, with one of its two images: `right` is the same with the other
    one. Two loaders of the same seed over both, in an `impasto.loading.PairedLoader`, give pairs. The row's key is the
    ``identifier``, its caption the sentence, its label 1 where it is true, 0 where it is false. A row's facts are its
    whole entry.

    Args:
        json: JSON lines ``{"identifier": "dev-850-0-0", "sentence", "label"}``, whose images are
            ``dev-850-0-img0.png`` and ``dev-850-0-img1.png``, below ``train/<directory>/`` where the entry has a
            ``directory``; or ALBEF's list ``[{"images": [left, right], "sentence", "label"}]``.
        images: The folder of the images.
        side: Which of the two images.

    Raises:
        SourceError: The file is missing, malformed, of another format or empty; there is no such folder.
        RecipeError: There is no such side.
    """

    def __init__(self, json: StrPath, *, images: StrPath, side: Literal["left", "right"] = "left") -> None:
        choice("side", side, ("left", "right"))
        root = require_folder(images)
        path = checks.path("json", json)
        found, self._kept = read_objects(path)
        require_fields(found, (("identifier", "images"), ("sentence",), ("label",)), "NLVR2", path)
        self._given = (path, os.fspath(images))
        builder = IndexBuilder(root)
        for place, one in enumerate(found):
            fields = one if isinstance(one, dict) else {}
            captions = as_captions(fields.get("sentence"), path=path)
            key = str(fields.get("identifier", f"entry {place}"))
            file = _image(fields, root, 1 if side == "right" else 0)
            label = _TRUTHS.get(str(fields.get("label")).lower())
            if file is None:
                wrong = f"entry {place} has neither an identifier such as 'dev-850-0-0' nor two 'images'; repair it"
                builder.add_fault(key, SourceError(wrong, path=path), captions)
            elif label is None:
                wrong = (
                    f"the label is {show(fields.get('label'))}, neither True nor False; repair it, or remove the entry"
                )
                builder.add_fault(key, SourceError(wrong, path=path), captions)
            else:
                builder.add_file(key, file, captions, label)
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}, side={side!r}")

    @property
    def right(self) -> "Nlvr2":
        """The same statements with their right images."""
        path, images = self._given
        return Nlvr2(path, images=images, side="right")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts = entry(self._kept, row)
        return facts if isinstance(facts, dict) else {}


def pair_names(fields: Mapping[str, Any]) -> list[str]:
    """The two images of an entry, below the folder of images; none where it names none."""
    given = fields.get("images")
    if isinstance(given, list) and len(given) == 2 and all(isinstance(one, str) for one in given):
        return given
    parts = str(fields.get("identifier")).split("-")
    return [f"{'-'.join(parts[:3])}-img{number}.png" for number in (0, 1)] if len(parts) == 4 else []


def _image(fields: Mapping[str, Any], root: str, number: int) -> str | None:
    names = pair_names(fields)
    if not names:
        return None
    if "directory" not in fields:
        return names[number]
    # Images of train lie in numbered folders, unless somebody put them together.
    below = f"{fields['directory']}/{names[number]}"
    places = (below, f"train/{below}", f"images/train/{below}", names[number])
    return next((place for place in places if Path(root, place).is_file()), below)
