"""A folder of class folders, as torchvision's ImageFolder reads it."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.folders import is_hidden, is_image, kind_of, walk


class ImageFolder(IndexedSource):
    """Images sorted into one folder a class, without captions: ``root/cat/0001.jpg``.

    Classes, rows and labels are in torchvision's order; hidden files and folders are neither images nor classes. The
    row's key is its path below the root. A row's facts are its ``path`` and the name of its ``class``.

    Args:
        folder: The folder of class folders.

    Attributes:
        classes: Names of the classes; a row's label is a place in this list.

    Raises:
        SourceError: There is no such folder, it holds no class folders, or a class has no images.
    """

    def __init__(self, folder: StrPath) -> None:
        root = require_folder(folder)
        left_out: Counter[str] = Counter()
        entries = list(os.scandir(root))
        left_out["hidden"] = sum(is_hidden(entry.name) for entry in entries)
        visible = [entry for entry in entries if not is_hidden(entry.name)]
        self.classes = sorted(entry.name for entry in visible if entry.is_dir())
        left_out.update(kind_of(entry.name) for entry in visible if not entry.is_dir())
        if not self.classes:
            raise SourceError("there are no class folders; ImageFolder wants FOLDER/CLASS/IMAGE", path=root)
        builder = IndexBuilder(root)
        for label, name in enumerate(self.classes):
            before = Counter(left_out)
            keys = []
            for prefix, names in walk(root, name, left_out=left_out):
                keys += [prefix + image for image in names if is_image(image)]
                left_out.update(kind_of(other) for other in names if not is_image(other))
            if not keys:
                reason = f"the class folder holds no images{_instead(left_out - before)}; remove it"
                raise SourceError(reason, path=str(Path(root, name)))
            for key in keys:
                builder.add_file(key, key, [], label)
        super().__init__(builder.finish(), f"{os.fspath(folder)!r}, {len(self.classes)} classes", left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        label = self.index.label(row)
        return {"path": self.index.path(row), "class": None if label is None else self.classes[label]}


def _instead(found: Counter[str]) -> str:
    return f" but {', '.join(f'{count} {kind}' for kind, count in found.items())}" if found else ""
