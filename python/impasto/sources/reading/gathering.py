"""Rows that come from Python one at a time, put into an index."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError, SourceError
from impasto.sources.reading.captions import as_captions

if TYPE_CHECKING:
    from impasto._core import IndexBuilder


def add_row(
    builder: "IndexBuilder", key: str, image: Any, captions: Any, label: int | ImpastoError | None = None
) -> None:
    """Adds a row whose image is encoded bytes or a path; one that is neither is the row's error."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        builder.add_bytes(key, bytes(image), as_captions(captions, path="memory"), label)
    elif isinstance(image, (str, os.PathLike)):
        path = os.fspath(image)
        builder.add_file(key, path, as_captions(captions, path=path), label)
    else:
        reason = f"the image is a {type(image).__name__}; give its encoded bytes or its path"
        builder.add_fault(key, SourceError(reason, path="memory"), as_captions(captions, path="memory"), label)


def from_user_code(error: Exception) -> ImpastoError:
    """The typed error for what a user's code raised instead of giving a row: it says what and where.

    The code's own exception can't travel with it: rows go through the core, and to other processes.
    """
    if isinstance(error, ImpastoError):
        return error
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})" if trace else ""
    name = error.filename if isinstance(error, OSError) else None
    reason = f"the row could not be had: {type(error).__name__}: {error}{where}; repair it, or its code"
    return SourceError(reason, path=name if isinstance(name, str) else "memory")
