"""Any Python sequence of (image, caption) pairs."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from impasto._core import Index, IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import GatheredSource
from impasto.sources.numbers import row_number
from impasto.sources.reading.gathering import add_row, from_user_code

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Indexable(Protocol):
    """What :class:`Sequence` needs: a length and items by number."""

    def __len__(self) -> int: ...
    def __getitem__(self, row: int, /) -> Any: ...


class Sequence(GatheredSource):
    """Pairs of an image and its caption from a list, a map-style data set, or anything else with items and a length.

    Each batch asks the sequence for its rows while it is made, so the sequence may be lazy; what an item raises is that
    row's error. The row's key is its number.

    Args:
        items: ``items[i]`` is ``(image, caption)``: encoded bytes or a path, and a string or a list of strings. A third
            part, a mapping, is the row's facts. With ``processes=True`` it must pickle.

    Raises:
        SourceError: The sequence is empty or has no length.
    """

    def __init__(self, items: Indexable) -> None:
        if not hasattr(items, "__len__") or not hasattr(items, "__getitem__"):
            reason = f"a {type(items).__name__} has no length or no items by number; make it a list"
            raise SourceError(reason, path="memory")
        if not len(items):
            raise SourceError("the data set is empty: the sequence has no items", path="memory")
        super().__init__(f"a {type(items).__name__}")
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def key(self, row: int) -> str:
        """The row's number."""
        return str(row)

    def gather(self, ids: "NDArray[np.integer] | Iterable[int]") -> Index:
        """The rows ``ids``, in that order; items that are no pairs, or raise, are their rows' errors."""
        builder = IndexBuilder()
        for row in map(int, ids):
            self.reading = row, time.monotonic()
            try:
                image, captions, _ = self._item(row)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the user's code raises is the row's
                builder.add_fault(str(row), from_user_code(error))
            else:
                add_row(builder, str(row), image, captions)
            finally:
                self.reading = None
        return builder.finish()

    def facts(self, row: int) -> Mapping[str, Any]:
        """The item's third part, if it has one, and its captions.

        Raises:
            SourceError: The item is no pair, or could not be had.
        """
        row = row_number(row, len(self))
        try:
            _, captions, facts = self._item(row)
        except Exception as error:
            wrong = from_user_code(error)
            raise type(wrong)(wrong.reason, key=str(row), path=wrong.path) from error
        captions = captions if isinstance(captions, (list, tuple)) else [captions]
        return {**facts, "captions": [caption for caption in captions if isinstance(caption, str)]}

    def _item(self, row: int) -> tuple[Any, Any, Mapping[str, Any]]:
        item = self._items[row]
        parts = len(item) if isinstance(item, (tuple, list)) else 0
        if parts == 2:
            return item[0], item[1], {}
        if parts == 3 and isinstance(item[2], Mapping):
            return item[0], item[1], item[2]
        reason = f"the item is a {type(item).__name__}; make it a pair (bytes or path, caption)"
        raise SourceError(reason, path="memory")
