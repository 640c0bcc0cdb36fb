"""What every source has in common: rows with a key, an image, captions and perhaps a label."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from impasto._core import Index


class Source(ABC):
    """A data set of images with captions, seen as numbered rows.

    A source is either an :class:`IndexedSource`, which the core reads without Python, or a :class:`GatheredSource`,
    which is asked for the rows of each batch. Both pickle, so both go to worker processes.
    """

    def __init__(self, description: str) -> None:
        self._description = description

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def key(self, row: int) -> str:
        """What the format calls row number ``row``: an image id, a file name, a member of a shard."""

    @property
    def keys(self) -> "Keys":
        """The keys of all rows, in order; each is read when asked for."""
        return Keys(self)

    def __repr__(self) -> str:
        rows = len(self)
        return f"{type(self).__name__}({self._description}, {rows} row{'' if rows == 1 else 's'})"


class IndexedSource(Source):
    """A source whose rows are known from the start and lie in an index of flat buffers.

    Args:
        index: The rows.
        description: What to print between the brackets of ``repr``.
    """

    #: Whether each image is a file of its own, whose existence can be asked of the file system.
    image_files = True

    def __init__(self, index: "Index", description: str) -> None:
        super().__init__(description)
        self._index = index

    @property
    def index(self) -> "Index":
        """The rows, as the core reads them."""
        return self._index

    def __len__(self) -> int:
        return len(self._index)

    def key(self, row: int) -> str:
        """What the format calls row number ``row``."""
        return self._index.key(row)


class GatheredSource(Source):
    """A source that Python code reads: asked for a batch's rows, it answers with an index of just those."""

    @abstractmethod
    def gather(self, ids: "NDArray[np.integer] | Sequence[int]") -> "Index":
        """The rows ``ids``, in that order.

        Args:
            ids: Row numbers in ``[0, len(self))``, shape ``[N]``.

        Returns:
            An index of ``N`` rows.
        """


class Keys(Sequence[str]):
    """The keys of a source, read one by one."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        rows = range(len(self))[row]
        return self._source.key(rows) if isinstance(rows, int) else [self._source.key(one) for one in rows]

    def __repr__(self) -> str:
        return f"Keys({self._source!r})"
