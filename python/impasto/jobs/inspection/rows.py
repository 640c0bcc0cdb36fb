"""The rows of a source as indexes have them, whatever the source."""

from __future__ import annotations

import numpy as np

from impasto._core import Index
from impasto.checks import instance
from impasto.sources import GatheredSource, IndexedSource, Source

#: Rows that are asked for at once, where all are looked at in turn.
_TOGETHER = 1000


class Texts:
    """Captions, labels and faults, row by row.

    Args:
        source: The data set.

    Raises:
        RecipeError: If it is no source.
    """

    def __init__(self, source: Source) -> None:
        instance("source", source, Source)
        self._source = source
        self._rows = range(0)
        self._found: list[tuple[Index, int]] = []

    def at(self, row: int) -> tuple[Index, int]:
        """An index that has the row, and its number there; its image may be left out."""
        if isinstance(self._source, IndexedSource):
            return self._source.index, row
        if row not in self._rows:
            start = row - row % _TOGETHER
            self._rows = range(start, min(start + _TOGETHER, len(self._source)))
            self._found = _texts(self._source, self._rows)
        return self._found[row - self._rows.start]


def _texts(source: Source, rows: range) -> list[tuple[Index, int]]:
    found: dict[int, tuple[Index, int]] = {}
    for part in source.parts(np.asarray(rows, np.int64)):
        if isinstance(part.source, GatheredSource):
            index = part.source.gather_texts(part.rows)
            places = [(index, at) for at in range(len(part.rows))]
        else:
            places = [part.source.find(row) for row in part.rows.tolist()]
        found.update(zip(part.places.tolist(), places, strict=True))
    return [found[place] for place in range(len(rows))]


def file_rows(source: Source) -> range | frozenset[int]:
    """The rows whose image is a file of its own."""
    if isinstance(source, IndexedSource):
        return range(len(source) if source.image_files else 0)
    parts = source.parts(np.arange(len(source), dtype=np.int64))
    files = [part.places for part in parts if isinstance(part.source, IndexedSource) and part.source.image_files]
    return frozenset(row for places in files for row in places.tolist())
