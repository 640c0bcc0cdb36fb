"""A folder of images, each with its caption in a text file of the same name."""

import os
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from impasto._core import IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_caption
from impasto.sources.reading.files import StrPath, read_text, require_folder
from impasto.sources.reading.folders import is_image, walk


class ImageTextFolder(IndexedSource):
    """Images with captions beside them: ``beach/001.jpg`` and ``beach/001.txt``.

    One row is one image, sorted by folder and name; folders are searched to any depth. The whole text file, without
    the white space around it, is the caption. The row's key is its path below the folder without the ending. An image
    without a text file stays as a row without captions. Files that are neither images nor ``.txt`` are left alone.

    Args:
        folder: The folder.
        ignore: Patterns of names of files to leave alone, such as ``("README.txt",)``.

    Raises:
        SourceError: There is no such folder, it holds no images, a text file has no image, or two images share one.
    """

    def __init__(self, folder: StrPath, *, ignore: Sequence[str] = ()) -> None:
        root = require_folder(folder)
        patterns = [ignore] if isinstance(ignore, str) else list(ignore)
        builder = IndexBuilder(root)
        for prefix, names in walk(root):
            kept = [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)]
            texts = {_stem(name): name for name in kept if name.lower().endswith(".txt")}
            images = _by_stem([name for name in kept if is_image(name)], str(Path(root, prefix)))
            orphan = next((text for stem, text in texts.items() if stem not in images), None)
            if orphan is not None:
                reason = f"the caption has no image beside it; add the image, or pass ignore=({orphan!r},)"
                raise SourceError(reason, path=str(Path(root, prefix, orphan)))
            for stem, name in images.items():
                found = [texts[stem]] if stem in texts else []
                captions = [as_caption(read_text(Path(root, prefix, text)).strip()) for text in found]
                builder.add_file(prefix + stem, prefix + name, captions)
        index = builder.finish()
        if not len(index):
            raise SourceError("the data set is empty: the folder holds no images; check the path", path=root)
        super().__init__(index, repr(os.fspath(folder)))


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _by_stem(images: list[str], folder: str) -> dict[str, str]:
    stems: dict[str, str] = {}
    for name in images:
        other = stems.setdefault(_stem(name), name)
        if other != name:
            reason = f"{other!r} and {name!r} would share one caption; rename one"
            raise SourceError(reason, key=_stem(name), path=folder)
    return stems
