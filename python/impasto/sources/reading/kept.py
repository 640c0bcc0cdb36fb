"""Pieces of an annotation file by their places, so that a million rows' facts cost no more than where they lie."""

from array import array
from collections.abc import Iterable
from pathlib import Path

from impasto.files import open_regular
from impasto.sources.reading.files import StrPath, look_at, require_unchanged


class Kept:
    """The places of pieces in a file, each read again when it is asked for.

    Args:
        path: The file.
        spans: Where each piece begins and ends, in bytes.

    Raises:
        SourceError: The file is gone.
    """

    def __init__(self, path: StrPath, spans: Iterable[tuple[int, int]]) -> None:
        self._path = str(Path(path).absolute())
        self._places = array("q", (place for span in spans for place in span))
        self._before = look_at(self._path)

    def __len__(self) -> int:
        return len(self._places) // 2

    def read(self, number: int) -> bytes:
        """The bytes of one piece.

        Raises:
            SourceError: The file is gone, or is no longer what it was.
        """
        begin, end = self._places[2 * number : 2 * number + 2]
        require_unchanged(self._path, self._before)
        with open_regular(self._path) as file:
            file.seek(begin)
            return file.read(end - begin)
