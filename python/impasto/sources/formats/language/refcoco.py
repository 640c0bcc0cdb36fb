"""RefCOCO, RefCOCO+ and RefCOCOg: expressions that mean one thing of an image."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.formats.language.references import References
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder


class RefCoco(IndexedSource):
    """Referring expressions of RefCOCO's folders (Kazemzadeh et al. 2014; Yu et al. 2016).

    One row is one expression, in the order of the file; its key is its image's file name, so that expressions about an
    image share one. A row's facts are ``ref_id``, ``sent_id``, ``image_id``, ``ann_id``, ``category_id``, ``split``,
    ``bbox`` (left, top, width and height of what is meant, in pixels), and the image's ``height`` and ``width``.

    ``refs(unc).p`` is a pickle: it is read by an unpickler that knows no function or class, so nothing in it can run.

    Args:
        folder: It holds ``refs(unc).p`` (or the one file ``refs(*).p``) and ``instances.json``.
        images: The folder of COCO's ``train2014`` images.
        split: ``"train"``, ``"val"``, ``"testA"``, ``"testB"`` (RefCOCOg: ``"test"``); several joined by ``"+"``.
        refs: The pickled file's name, where there are several.

    Attributes:
        folder: As given.

    Raises:
        SourceError: A file is missing, malformed, of another format, holds something else than data, or has no
            expression of these splits; there is no such folder.
    """

    def __init__(self, folder: StrPath, *, images: StrPath, split: str = "val", refs: str | None = None) -> None:
        self.folder, root = Path(checks.path("folder", folder)), require_folder(images)
        self._references = References(self.folder, refs)
        path = str(self._references.path)
        wanted = split.split("+")
        builder, there = IndexBuilder(root), Counter[str]()
        self._rows: list[tuple[int, int]] = []
        for number, one in enumerate(self._references.all):
            there[str(one.get("split"))] += 1
            if one.get("split") not in wanted:
                continue
            wrong = self._references.wrong(number)
            given = one.get("sentences")
            for told in given if isinstance(given, list) and given else [{}]:
                sentence = told if isinstance(told, dict) else {}
                self._rows.append((number, sentence.get("sent_id", -1)))
                captions = as_captions(sentence.get("sent", sentence.get("raw")), path=path)
                if wrong:
                    builder.add_fault(f"refs[{number}]", SourceError(wrong, path=path), captions)
                else:
                    name = self._references.file_name(number)
                    builder.add_file(name, name, captions)
        absent = [one for one in wanted if not there[one]]
        if absent:
            present = ", ".join(f"{name} ({count} objects)" for name, count in there.items())
            raise SourceError(f"no expression is of split {absent[0]!r}; the file has {present}", path=path)
        told = f"{str(self.folder)!r}, images={os.fspath(images)!r}, split={split!r}"
        super().__init__(builder.finish(), told)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        number, sentence = self._rows[row]
        return {**self._references.facts(number), "sent_id": sentence}
