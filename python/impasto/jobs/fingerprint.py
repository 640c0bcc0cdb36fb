"""What data a job is of, small enough to be written down."""

from __future__ import annotations

import hashlib
from typing import Any

from impasto.errors import ImpastoError
from impasto.recipe import ImageRecipe
from impasto.sources import IndexedSource, Source

#: So many rows of a source are looked at whose rows can't be known without reading them.
_LOOKED_AT = 16


def fingerprint(source: Source) -> dict[str, Any]:
    """Rows and keys; captions and labels of an indexed source; some samples whole of one that must be read.

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
        return texts if isinstance(source, IndexedSource) else (*texts, index.image(at, ImageRecipe.max_bytes))
    except ImpastoError as error:  # a bad row is the business of those who read it
        return type(error).__name__
