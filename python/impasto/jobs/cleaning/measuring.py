"""The pictures of some rows, measured: a piece of `impasto.jobs.clean`."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from impasto import ops
from impasto.files import new_file, writing
from impasto.jobs.cleaning.likeness import SIDE
from impasto.jobs.images import shrink_to
from impasto.jobs.inspection.images import ImageFindings, look_at_image
from impasto.jobs.job import write_report
from impasto.ops import Image
from impasto.sources import Source

#: What is measured of a picture, with its type and shape.
MEASURES: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "row": (np.int64, ()),  # of the data set
    "width": (np.int32, ()),
    "height": (np.int32, ()),
    "size": (np.int64, ()),  # of the file, in bytes
    "digest": (np.uint8, (16,)),  # of the file's bytes
    "contrast": (np.float32, ()),  # standard deviation of luma, in levels
    "noise": (np.float32, ()),
    "hash": (np.uint64, ()),  # perceptual
    "mirror": (np.uint64, ()),  # of the mirror image
    "look": (np.uint8, (SIDE, SIDE, 3)),  # the picture, small
}

#: The longer side at which pictures are measured, in pixels: what models see of them.
_SIDE = 256
#: The score of noise is of pictures of at least so many pixels a side.
_LEAST = 8

Measures = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class PictureMeasurer:
    """Measures a piece's pictures.

    Args:
        source: The data set.
        pieces: The rows of each piece.
        files: Rows whose image is a file of its own.
        folder: Where ``pictures-00000.npz`` and ``pictures-00000.json`` are written, with the piece's number.
    """

    source: Source
    pieces: Sequence[Sequence[int]]
    files: Container[int]
    folder: Path

    def __call__(self, number: int) -> None:
        """Measures one piece."""
        findings = ImageFindings()
        measured = []
        for row in self.pieces[number]:
            found = look_at_image(self.source, row, findings, file=row in self.files)
            if found:
                measured.append((row, *_measured(*found)))
        columns = list(zip(*measured, strict=True)) or [()] * len(MEASURES)
        measures, report = self.written(number)
        with writing("the measures", measures), new_file(measures) as partial, partial.open("wb") as file:
            arrays = {
                name: np.array(column, kind).reshape(-1, *shape)
                for (name, (kind, shape)), column in zip(MEASURES.items(), columns, strict=True)
            }
            np.savez(file, allow_pickle=False, **arrays)
        write_report(report, asdict(findings))

    def written(self, number: int) -> tuple[Path, Path]:
        """Where a piece's measures are written, and then its findings."""
        name = f"pictures-{number:05d}"
        return self.folder / f"{name}.npz", self.folder / f"{name}.json"

    def read(self, number: int, document: Any) -> tuple[Measures, ImageFindings]:
        """A piece's measures, and its findings as they were written.

        Raises:
            ValueError: If they are none of the piece's.
            TypeError: Likewise.
            KeyError: Likewise.
            OSError: If they can't be read.
        """
        findings = ImageFindings.of(document, self.pieces[number])
        try:
            with self.written(number)[0].open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                measures = {name: arrays[name] for name in MEASURES}
        except (zipfile.BadZipFile, EOFError) as error:
            raise ValueError(f"the measures beside it are damaged: {error}") from error
        rows = measures["row"].tolist()
        for name, (kind, shape) in MEASURES.items():
            if measures[name].dtype != kind or measures[name].shape != (len(rows), *shape):
                raise ValueError(f"the measures beside it have another {name}")
        if {*rows, *(fault[0] for fault in findings.faults)} != set(self.pieces[number]):
            raise ValueError("the measures beside it are of other rows")
        return measures, findings


def _measured(data: bytes, pixels: Image) -> tuple[Any, ...]:
    """What `MEASURES` lists, from the second on."""
    height, width = pixels.shape[:2]
    small = shrink_to(pixels, _SIDE)
    luma: npt.NDArray[np.float32] = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return (
        width,
        height,
        len(data),
        list(hashlib.blake2b(data, digest_size=16).digest()),
        luma.std(),
        ops.noise_score(small) if min(small.shape[:2]) >= _LEAST else 0.0,
        ops.perceptual_hash(small),
        ops.perceptual_hash(small, mirrored=True),
        ops.resize(small, SIDE),
    )
