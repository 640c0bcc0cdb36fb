"""Images of a source, one at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.errors import ImpastoError, located
from impasto.ops import decode
from impasto.sources import Source


def decoded(source: Source, row: int) -> npt.NDArray[np.uint8]:
    """A row's image, [H, W, 3] uint8.

    Raises:
        ImpastoError: If it can't be read; it names the row's key and file.
    """
    try:
        return decode(source[row].image)
    except ImpastoError as error:
        index, at = source.find(row)
        raise located(error, source.key(row), index.path(at)) from error
