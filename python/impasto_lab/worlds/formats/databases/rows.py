"""What writers of columns and databases share: rows are noted as they come, and each split is written at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from impasto_lab.worlds.formats.sample import Sample, Split

Row = TypeVar("Row")


class RowsBySplit(ABC, Generic[Row]):
    """Writes a format whose files are made of all rows of a split.

    Args:
        root: The world's folder.
        name: The world's name.
    """

    #: Of the folder below the world's.
    FOLDER: ClassVar[str]

    def __init__(self, root: Path, name: str) -> None:
        del name
        self.folder = root / self.FOLDER
        self.folder.mkdir()
        self._rows: defaultdict[Split, list[Row]] = defaultdict(list)

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Notes a sample."""
        del number
        self._rows[sample.split].append(self.row(file, sample))

    def close(self) -> None:
        """Writes the splits that have samples."""
        for split, rows in self._rows.items():
            self.write(split, rows)

    @abstractmethod
    def row(self, file: str, sample: Sample) -> Row:
        """What is written of a sample, whose image is ``images/{file}``."""

    @abstractmethod
    def write(self, split: Split, rows: list[Row]) -> None:
        """Writes a split."""
