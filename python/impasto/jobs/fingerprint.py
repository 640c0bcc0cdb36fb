"""What data a job is of, small enough to be written down."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.recipe import ImageRecipe
from impasto.sources import IndexedSource, Source

#: So many rows of a source are looked at whose rows can't be known without reading them.
_LOOKED_AT = 16


def fingerprint(source: Source) -> dict[str, Any]:
    """Rows and keys; captions, labels and files of an indexed source; some samples whole of one that must be read.

    A file is known by its size and the time of its last change, and not read; a shard by its keys and captions alone.

    Args:
        source: The data set.

    Returns:
        ``rows``, and SHA-256 of ``keys`` and ``samples``.
    """
    keys, samples = hashlib.sha256(), hashlib.sha256()
    rows = len(source)
    for row in range(rows):
        keys.update(source.key(row).encode() + b"\0")
    looked_at = range(rows) if isinstance(source, IndexedSource) else range(0, rows, -(-rows // _LOOKED_AT) or 1)
    for row in looked_at:
        samples.update(repr(_sample(source, row)).encode())
    return {"rows": rows, "keys": keys.hexdigest(), "samples": samples.hexdigest()}


def _sample(source: Source, row: int) -> Any:
    try:
        index, at = source.find(row)
        texts = index.captions(at), index.label(at)
        if isinstance(source, IndexedSource):
            return texts if index.place(at) else (*texts, *_file(index.path(at)))
        return (*texts, index.image(at, ImageRecipe.max_bytes))
    except ImpastoError as error:  # a bad row is the business of those who read it
        return type(error).__name__


def _file(path: str) -> tuple[int, ...]:
    try:
        found = Path(path).stat()
    except OSError:  # bytes in memory have a name only; a missing file is a bad row
        return ()
    return found.st_size, found.st_mtime_ns
