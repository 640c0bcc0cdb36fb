"""A body on its way: small in memory, large in a file, given up as soon as it can't become an image."""

from __future__ import annotations

import tempfile
from pathlib import Path

from impasto.errors import SourceError
from impasto.jobs.fetching.pictures import Picture, check_header, make_picture
from impasto.jobs.fetching.settings import FetchSettings

#: A body is held in memory up to this many bytes, and in a file beyond.
_HELD = 1 << 20
#: An image's header is looked for once so many bytes are there, and no longer than so many.
_HEADER, _HEADERS_END = 512, 1 << 18


class Body:
    """What comes in answer to a request; a context, which gives its memory and its file back.

    Args:
        folder: Of its file.
        settings: What is taken.
    """

    def __init__(self, folder: Path, settings: FetchSettings) -> None:
        self._folder = str(folder)
        self._file = tempfile.SpooledTemporaryFile(_HELD, dir=self._folder)  # noqa: SIM115  the context closes it
        self._settings = settings
        self._head = bytearray()
        self._looked = False

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, piece: bytes) -> None:
        """Takes a piece of it.

        Raises:
            DeadLink: If its header is none of an image, or that of too large a one.
            SourceError: If it can't be kept.
        """
        try:
            self._file.write(piece)
        except OSError as error:
            reason = f"what is fetched can't be kept: {error.strerror or error}; check the disk"
            raise SourceError(reason, path=self._folder) from error
        if not self._looked:
            self._head += piece
            if len(self._head) >= _HEADER:
                there = check_header(bytes(self._head), self._settings.max_pixels)
                self._looked = there or len(self._head) > _HEADERS_END

    def picture(self) -> Picture:
        """What a shard holds of it.

        Raises:
            DeadLink: If it is no image.
        """
        self._file.seek(0)
        return make_picture(self._file.read(), self._settings)
