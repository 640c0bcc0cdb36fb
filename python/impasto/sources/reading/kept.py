"""Pieces of an annotation file by their places, so that a million rows' facts cost no more than where they lie."""

import os
from array import array
from collections.abc import Iterable
from pathlib import Path

from impasto.errors import SourceError
from impasto.sources.reading.files import StrPath


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
        self._stamp = self._look()

    def __len__(self) -> int:
        return len(self._places) // 2

    def read(self, number: int) -> bytes:
        """The bytes of one piece.

        Raises:
            SourceError: The file is gone, or is no longer what it was.
        """
        begin, end = self._places[2 * number : 2 * number + 2]
        if self._look() != self._stamp:
            raise SourceError("the file changed after it was read; build the source again", path=self._path)
        with Path(self._path).open("rb") as file:
            file.seek(begin)
            return file.read(end - begin)

    def _look(self) -> tuple[int, int]:
        try:
            status = os.stat(self._path)  # noqa: PTH116 - once a row
        except OSError as error:
            raise SourceError(f"the file cannot be read again: {error.strerror}", path=self._path) from error
        return status.st_size, status.st_mtime_ns
