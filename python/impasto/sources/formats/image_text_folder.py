"""A folder of images, each with its caption in a text file of the same name."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from impasto._core import IndexBuilder
from impasto.checks import texts
from impasto.errors import CaptionError, ImpastoError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import Caption, as_caption
from impasto.sources.reading.files import StrPath, read_text, require_folder
from impasto.sources.reading.folders import found_instead, is_image, kind_of, walk

#: A longer file is no caption, and isn't read.
_MOST = 1 << 20


class ImageTextFolder(IndexedSource):
    """Images with captions beside them: ``beach/001.jpg`` and ``beach/001.txt``.

    One row is one image, sorted by folder and name; folders are searched to any depth. The whole text file, without
    the white space around it, is the caption. The row's key is its path below the folder without the ending. An image
    without a text file stays as a row without captions, a text file without an image is a row at fault. Hidden files
    and folders, and files that are neither images nor ``.txt``, are left out. A row's facts are its ``path`` and its
    caption.

    Args:
        folder: The folder.
        ignore: Patterns of names of files to leave out, such as ``("README.txt",)``.

    Raises:
        SourceError: There is no such folder, or it holds no images.
    """

    def __init__(self, folder: StrPath, *, ignore: Sequence[str] = ()) -> None:
        root = require_folder(folder)
        patterns = texts("ignore", ignore)
        left_out: Counter[str] = Counter()
        builder = IndexBuilder(root)
        images = 0
        for prefix, names in walk(root, left_out=left_out):
            kept = [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)]
            left_out["ignored"] += len(names) - len(kept)
            images += _add_folder(builder, root, prefix, kept, left_out)
        if not images:
            reason = f"the data set is empty: {found_instead('the folder holds no images', left_out)}; check the path"
            raise SourceError(reason, path=root)
        super().__init__(builder.finish(), repr(os.fspath(folder)), left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        return {"path": self.index.path(row)}


def _add_folder(builder: IndexBuilder, root: str, prefix: str, names: list[str], left_out: Counter[str]) -> int:
    """Adds the rows of one folder; returns how many images there are."""
    texts = {_stem(name): name for name in names if _is_text(name)}
    images = [name for name in names if is_image(name)]
    others = {_stem(name): name for name in names if not is_image(name) and not _is_text(name)}
    left_out.update(map(kind_of, others.values()))
    shared = Counter(map(_stem, images))
    for name in images:
        stem = _stem(name)
        captions: list[Caption] = [_read(root, prefix + texts[stem])] if stem in texts else []
        if shared[stem] > 1 and captions:
            both = " and ".join(repr(image) for image in images if _stem(image) == stem)
            captions = [CaptionError(f"{both} share one caption; rename all but one")]
        builder.add_file(prefix + (name if shared[stem] > 1 else stem), prefix + name, captions)
    for stem, text in texts.items():
        if stem not in shared:
            beside = f" but {others[stem]!r}, which is none that is read" if stem in others else ""
            reason = f"the caption has no image beside it{beside}; add one, or pass ignore=({text!r},)"
            builder.add_fault(prefix + stem, SourceError(reason, path=str(Path(root, prefix, text))))
    return len(images)


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _is_text(name: str) -> bool:
    return name.lower().endswith(".txt")


def _read(root: str, name: str) -> Caption:
    path = Path(root, name)
    try:
        return as_caption(read_text(path, _MOST).strip())
    except ImpastoError as error:
        return CaptionError(error.reason, path=str(path))
