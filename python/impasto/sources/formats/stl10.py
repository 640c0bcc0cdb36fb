"""STL-10's binary files (Coates, Lee, Ng 2011)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impasto._core import Index, IndexBuilder
from impasto.checks import choice, is_count, require
from impasto.errors import SourceError
from impasto.sources.base import GatheredSource
from impasto.sources.numbers import row_number
from impasto.sources.reading.files import StrPath, look_at, read_text, require_folder, require_unchanged
from impasto.sources.reading.pictures import as_png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Height and width of every image, in pixels.
_SIDE = 96
_BYTES = 3 * _SIDE * _SIDE
_ORIGIN = "stl10_binary.tar.gz from https://cs.stanford.edu/~acoates/stl10/ has it"


class Stl10(GatheredSource):
    """Images of 96 x 96 pixels in ten classes, from STL-10's binary files, mapped into memory.

    A row's key is its split and number, its label counts from 0 (in the files from 1), and its facts are the name of
    its ``class``. Unlabeled images have neither. Only the files of the split are asked for: the 2.8 GB of unlabeled
    images may be missing. Files may hold fewer images than the published 5,000, 8,000 and 100,000.

    Args:
        folder: ``stl10_binary``, or the folder that holds it.
        split: ``"train"``, ``"test"`` or ``"unlabeled"``.
        fold: Of the ten published folds of train, the one whose 1,000 images are taken; by default all are. The
            protocol is to train on each, and to average.

    Attributes:
        classes: Names of the classes; a row's label is a place in this list.

    Raises:
        SourceError: A file is missing, has another size than whole images, or a label or fold is out of range.
        RecipeError: The split or fold is not known.
    """

    def __init__(
        self, folder: StrPath, split: Literal["train", "test", "unlabeled"] = "train", *, fold: int | None = None
    ) -> None:
        choice("split", split, ("train", "test", "unlabeled"))
        root = Path(require_folder(folder, "STL-10"))
        root = root / "stl10_binary" if (root / "stl10_binary").is_dir() else root
        self._split, self._path = split, str(root / f"{split}_X.bin")
        length = _images(self._path)
        self._seen = look_at(self._path)
        self._mapped: NDArray[np.uint8] | None = None
        self.classes = [] if split == "unlabeled" else read_text(_present(root / "class_names.txt"), 65536).split()
        self._labels = None if split == "unlabeled" else _labels(root / f"{split}_y.bin", length, len(self.classes))
        self._rows = np.arange(length, dtype=np.int64)
        if fold is not None:
            require(split == "train", f"fold={fold!r} is of the train split; leave it out")
            self._rows = _fold(root / "fold_indices.txt", fold, length)
        told = f"{os.fspath(folder)!r}, {split!r}" + ("" if fold is None else f", fold={fold}")
        super().__init__(told)

    def __len__(self) -> int:
        return len(self._rows)

    def __getstate__(self) -> dict[str, Any]:
        # A process that gets the source maps the file itself; a mapping would be sent with all its bytes.
        return {**self.__dict__, "_mapped": None}

    def key(self, row: int) -> str:
        """The split, and the image's number in its file."""
        return f"{self._split}/{int(self._rows[row])}"

    def pixels(self, row: int) -> "NDArray[np.uint8]":
        """An image, [96, 96, 3] uint8.

        Raises:
            SourceError: The file changed since it was opened.
        """
        if self._mapped is None:
            require_unchanged(self._path, self._seen)
            # Planes lie column by column: [N, color, x, y].
            self._mapped = np.memmap(self._path, np.uint8, "r").reshape(-1, 3, _SIDE, _SIDE)
        return np.ascontiguousarray(self._mapped[self._rows[row]].transpose(2, 1, 0))

    def gather(self, ids: "NDArray[np.integer] | Sequence[int]") -> Index:
        """The rows ``ids``, in that order."""
        builder = IndexBuilder()
        for row in map(int, ids):
            builder.add_bytes(self.key(row), as_png(self.pixels(row)), [], self._label(row))
        return builder.finish()

    def facts(self, row: int) -> Mapping[str, Any]:
        """The name of the row's class."""
        label = self._label(row_number(row, len(self)))
        return {} if label is None else {"class": self.classes[label], "captions": []}

    def _label(self, row: int) -> int | None:
        return None if self._labels is None else int(self._labels[self._rows[row]])


def _present(path: Path) -> Path:
    if not path.is_file():
        raise SourceError(f"the file is missing; {_ORIGIN}", path=str(path))
    return path


def _images(path: str) -> int:
    size = _present(Path(path)).stat().st_size
    if not size or size % _BYTES:
        reason = (
            f"the file has {size} bytes, which is no number of images of {_BYTES} bytes; unpack it again; {_ORIGIN}"
        )
        raise SourceError(reason, path=path)
    return size // _BYTES


def _labels(path: Path, images: int, classes: int) -> "NDArray[np.uint8]":
    """[N] uint8, from 0."""
    labels = np.fromfile(_present(path), np.uint8)
    if len(labels) != images:
        reason = f"the file has {len(labels)} labels for {images} images; unpack both again; {_ORIGIN}"
        raise SourceError(reason, path=str(path))
    wrong = np.flatnonzero((labels < 1) | (labels > classes))
    if len(wrong):
        reason = f"image {wrong[0]} has label {labels[wrong[0]]}, which is not in 1..{classes}; {_ORIGIN}"
        raise SourceError(reason, path=str(path))
    return labels - np.uint8(1)


def _fold(path: Path, fold: int, images: int) -> "NDArray[np.int64]":
    lines = read_text(_present(path)).splitlines()
    require(is_count(fold) and 0 <= fold < len(lines), f"fold={fold!r} must lie in 0..{len(lines) - 1}")
    try:
        rows = np.array(lines[fold].split(), np.int64)
    except ValueError as error:
        raise SourceError(f"line {fold + 1} is no list of numbers: {error}; {_ORIGIN}", path=str(path)) from error
    if not len(rows) or rows.min() < 0 or rows.max() >= images:
        reason = f"line {fold + 1} names images outside of 0..{images - 1}; {_ORIGIN}"
        raise SourceError(reason, path=str(path))
    return rows
