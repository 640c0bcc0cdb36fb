"""A folder of class folders, as torchvision's ImageFolder reads it."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.folders import found_instead, is_hidden, is_image, kind_of, walk


class ImageFolder(IndexedSource):
    """Images sorted into one folder a class, without captions: ``root/cat/0001.jpg``.

    Classes, rows and labels are in torchvision's order; hidden files and folders are neither images nor classes. A
    class folder without images keeps its label, as with torchvision's ``allow_empty=True``, and is counted in
    ``left_out``. The row's key is its path below the root. A row's facts are its ``path`` and the name of its
    ``class``.

    Args:
        folder: The folder of class folders.

    Attributes:
        classes: Names of the classes; a row's label is a place in this list.

    Raises:
        SourceError: There is no such folder, it holds no class folders, or none of them has images.
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
            keys = []
            for prefix, names in walk(root, name, left_out=left_out):
                keys += [prefix + image for image in names if is_image(image)]
                left_out.update(kind_of(other) for other in names if not is_image(other))
            left_out["classes without images"] += not keys
            for key in keys:
                builder.add_file(key, key, [], label)
        index = builder.finish()
        if not len(index):
            reason = f"the data set is empty: {found_instead('its class folders hold no images', left_out)}"
            raise SourceError(f"{reason}; check the path", path=root)
        super().__init__(index, f"{os.fspath(folder)!r}, {len(self.classes)} classes", left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        label = self.index.label(row)
        return {"path": self.index.path(row), "class": None if label is None else self.classes[label]}
