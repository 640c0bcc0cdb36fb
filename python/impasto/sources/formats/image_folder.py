"""A folder of class folders, as torchvision's ImageFolder reads it."""

import os
from pathlib import Path

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.folders import is_image, walk


class ImageFolder(IndexedSource):
    """Images sorted into one folder a class, without captions: ``root/cat/0001.jpg``.

    Classes, rows and labels are in torchvision's order. The row's key is its path below the root.

    Args:
        folder: The folder of class folders.

    Attributes:
        classes: Names of the classes; a row's label is a place in this list.

    Raises:
        SourceError: There is no such folder, it holds no class folders, or a class has no images.
    """

    def __init__(self, folder: StrPath) -> None:
        root = require_folder(folder)
        self.classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        if not self.classes:
            raise SourceError("there are no class folders; ImageFolder wants FOLDER/CLASS/IMAGE", path=root)
        builder = IndexBuilder(root)
        for label, name in enumerate(self.classes):
            keys = [prefix + image for prefix, names in walk(root, name) for image in names if is_image(image)]
            if not keys:
                raise SourceError("the class folder holds no images; remove it", path=str(Path(root, name)))
            for key in keys:
                builder.add_file(key, key, [], label)
        super().__init__(builder.finish(), f"{os.fspath(folder)!r}, {len(self.classes)} classes")
