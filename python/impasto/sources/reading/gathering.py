"""Rows that come from Python one at a time, put into an index."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError, SourceError
from impasto.sources.reading.captions import as_captions

if TYPE_CHECKING:
    from impasto._core import IndexBuilder


def add_row(
    builder: "IndexBuilder",
    key: str,
    image: Any,
    captions: Any,
    label: int | ImpastoError | None = None,
    *,
    path: str = "memory",
) -> None:
    """Adds a row whose image is encoded bytes or a path; one that is neither is the row's error.

    Args:
        builder: What takes it.
        key: The row's key.
        image: The image.
        captions: As `as_captions` takes them.
        label: The label, or what is wrong with it.
        path: The file that holds the row, for messages.
    """
    if isinstance(image, (bytes, bytearray, memoryview)):
        builder.add_bytes(key, bytes(image), as_captions(captions, path=path), label)
    elif isinstance(image, (str, os.PathLike)):
        file = os.fspath(image)
        builder.add_file(key, file, as_captions(captions, path=file if path == "memory" else path), label)
    else:
        reason = f"the image is a {type(image).__name__}; give its encoded bytes or its path"
        builder.add_fault(key, SourceError(reason, path=path), as_captions(captions, path=path), label)


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
