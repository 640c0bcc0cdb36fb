"""Rows that come from Python one at a time, put into an index."""

import os
from typing import TYPE_CHECKING, Any

from impasto.errors import SourceError
from impasto.sources.reading.captions import as_captions

if TYPE_CHECKING:
    from impasto._core import IndexBuilder


def add_row(builder: "IndexBuilder", key: str, image: Any, captions: Any, label: int | None = None) -> None:
    """Adds a row whose image is encoded bytes or a path.

    Raises:
        SourceError: The image is neither.
        CaptionError: A caption is not a string.
    """
    if isinstance(image, (bytes, bytearray, memoryview)):
        builder.add_bytes(key, bytes(image), as_captions(captions, key=key, path="memory"), label)
    elif isinstance(image, (str, os.PathLike)):
        path = os.fspath(image)
        builder.add_file(key, path, as_captions(captions, key=key, path=path), label)
    else:
        reason = f"the image is a {type(image).__name__}; give its encoded bytes or its path"
        raise SourceError(reason, key=key, path="memory")
