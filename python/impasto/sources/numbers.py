"""Row numbers as people write them: one, a slice, a list, a mask."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.errors import RecipeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def row_number(row: int, length: int) -> int:
    """A row's number, counted from the start.

    Args:
        row: The number; below zero it counts from the end.
        length: Rows that there are.

    Raises:
        IndexError: If there is no such row.
    """
    try:
        return range(length)[row]
    except IndexError:
        raise IndexError(f"row {row} is not in a data set of {length} rows") from None


def row_numbers(rows: "int | slice | Sequence[int] | NDArray[Any]", length: int) -> "int | range | NDArray[np.int64]":
    """The rows that are meant, counted from the start.

    Args:
        rows: A number, a slice, numbers, or a mask of bools; numbers below zero count from the end.
        length: Rows that there are.

    Returns:
        A number, or a range or int64 ``[N]``, each in ``[0, length)``.

    Raises:
        IndexError: If there is no such row.
        RecipeError: If it is nothing of these.
    """
    if isinstance(rows, slice):
        return range(length)[rows]
    array = np.asarray(rows)
    if array.ndim == 1 and array.dtype == bool:
        if len(array) != length:
            raise IndexError(f"a mask of {len(array)} rows is put on a data set of {length}; make it as long")
        return np.flatnonzero(array)
    if array.ndim > 1 or not (array.dtype.kind in "iu" or array.size == 0):
        kinds = "a row number, a slice, a list of row numbers or a mask of bools"
        raise RecipeError(f"data[{rows!r}] is not understood; give {kinds}")
    outside = array[(array < -length) | (array >= length)]
    if outside.size:
        raise IndexError(f"row {int(outside.flat[0])} is not in a data set of {length} rows")
    numbers = np.where(array < 0, array + length, array).astype(np.int64)
    return int(numbers) if array.ndim == 0 else numbers
