"""The rows of a source as indexes have them, whatever the source."""

from __future__ import annotations

from impasto._core import Index
from impasto.errors import RecipeError
from impasto.sources import GatheredSource, IndexedSource, Source

#: Rows of a gathered source that are asked for at once, where all are looked at in turn.
_TOGETHER = 1000


class Texts:
    """Captions, labels and faults, row by row.

    Args:
        source: The data set.

    Raises:
        RecipeError: If it is no source.
    """

    def __init__(self, source: Source) -> None:
        if not isinstance(source, IndexedSource | GatheredSource):
            raise RecipeError(f"source={source!r} is no source; see impasto.sources")
        self._source = source
        self._rows = range(0)
        self._index: Index | None = source.index if isinstance(source, IndexedSource) else None

    def at(self, row: int) -> tuple[Index, int]:
        """An index that has the row, and its number there; its image may be left out."""
        if isinstance(self._source, IndexedSource):
            return self._source.index, row
        if self._index is None or row not in self._rows:
            start = row - row % _TOGETHER
            self._rows = range(start, min(start + _TOGETHER, len(self._source)))
            self._index = self._source.gather_texts(self._rows)
        return self._index, row - self._rows.start


def find(source: Source, row: int) -> tuple[Index, int]:
    """An index that has the row with its image, and its number there."""
    if isinstance(source, GatheredSource):
        return source.gather([row]), 0
    assert isinstance(source, IndexedSource)
    return source.index, row
