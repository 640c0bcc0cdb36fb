"""Any Python sequence of (image, caption) pairs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from impasto._core import Index, IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import GatheredSource
from impasto.sources.reading.gathering import add_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Indexable(Protocol):
    """What :class:`Sequence` needs: a length and items by number."""

    def __len__(self) -> int: ...
    def __getitem__(self, row: int, /) -> Any: ...


class Sequence(GatheredSource):
    """Pairs of an image and its caption from a list, a map-style data set, or anything else with items and a length.

    Each batch asks the sequence for its rows while it is made, so the sequence may be lazy. The row's key is its
    number.

    Args:
        items: ``items[i]`` is ``(image, caption)``: encoded bytes or a path, and a string or a list of strings. With
            ``processes=True`` it must pickle.

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
        """The rows ``ids``, in that order.

        Raises:
            SourceError: An item is no pair of an image and a caption.
            CaptionError: A caption is not a string.
        """
        builder = IndexBuilder()
        for row in map(int, ids):
            item = self._items[row]
            if not isinstance(item, (tuple, list)) or len(item) != 2:
                reason = f"the item is a {type(item).__name__}; make it a pair (bytes or path, caption)"
                raise SourceError(reason, key=str(row), path="memory")
            add_row(builder, str(row), item[0], item[1])
        return builder.finish()
