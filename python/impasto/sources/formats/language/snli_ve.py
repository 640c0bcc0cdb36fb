"""SNLI-VE: does an image entail a hypothesis?"""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.formats.language.json_lines import read_objects, require_fields
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry
from impasto.sources.reading.showing import show

_LABELS = ("gold_label", "label")
_SENTENCES = ("sentence2", "sentence")
#: The official files' own spelling first.
IMAGES = ("Flikr30kID", "Flickr30K_ID", "Flickr30kID", "image")


class SnliVe(IndexedSource):
    """Images with hypotheses, of SNLI-VE's files (Xie et al. 2019), or of ALBEF's.

    One row is one hypothesis (``sentence2``), in the order of the file; its key is the ``pairID``, or the image's name,
    its label 0 for contradiction, 1 for neutral, 2 for entailment. Rows without a gold label (``-``) are left out. A
    row's facts are its whole entry.

    Args:
        json: JSON lines ``{"Flikr30kID", "sentence2", "gold_label", "pairID"}``, or ALBEF's list ``[{"image",
            "sentence", "label"}]``.
        images: The folder of Flickr30K's images; ``.jpg`` is added to names without an ending.

    Attributes:
        classes: The names of the labels.

    Raises:
        SourceError: The file is missing, malformed, of another format, empty or without labels; there is no such
            folder.
    """

    classes = ("contradiction", "neutral", "entailment")

    def __init__(self, json: StrPath, *, images: StrPath) -> None:
        root = require_folder(images)
        path = checks.path("json", json)
        found, self._kept = read_objects(path)
        require_fields(found, (IMAGES, _SENTENCES, _LABELS), "SNLI-VE", path)
        builder, left_out = IndexBuilder(root), Counter[str]()
        self._places: list[int] = []
        for place, one in enumerate(found):
            fields = one if isinstance(one, dict) else {}
            image, sentence, label = (_first(fields, names) for names in (IMAGES, _SENTENCES, _LABELS))
            if label == "-":
                left_out["hypotheses without a gold label"] += 1
                continue
            self._places.append(place)
            captions = as_captions(sentence, path=path)
            key = str(fields.get("pairID", image or f"entry {place}"))
            if not isinstance(image, str) or not image:
                wrong = f"entry {place} has no image; give it one, or remove it"
                builder.add_fault(key, SourceError(wrong, path=path), captions)
            elif label not in self.classes:
                wrong = f"the label is {show(label)}, none of {', '.join(self.classes)}; repair it, or remove the entry"
                builder.add_fault(key, SourceError(wrong, path=path), captions)
            else:
                file = image if Path(image).suffix else f"{image}.jpg"
                builder.add_file(key, file, captions, self.classes.index(label))
        if not self._places:
            reason = f"none of its {len(found)} hypotheses has a gold label; name a file that has the labels"
            raise SourceError(reason, path=path)
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}", left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts = entry(self._kept, self._places[row])
        return facts if isinstance(facts, dict) else {}


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if name in fields), None)
