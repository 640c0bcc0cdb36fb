"""What every source has in common: rows with a key, an image, captions and perhaps a label."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, overload

import numpy as np

from impasto.errors import ImpastoError, SourceError
from impasto.sources.numbers import row_number, row_numbers
from impasto.sources.sample import Sample

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from impasto._core import Index

#: Gives the error of a copy that somebody removed while it was held, if one is: what was read meanwhile may be missing.
Lost = Callable[[], SourceError | None]


class Source(ABC):
    """A data set of images with captions, seen as numbered rows.

    A source is an :class:`IndexedSource`, which the core reads without Python, or a :class:`GatheredSource`, which is
    asked for the rows of each batch, or made of others (:func:`impasto.sources.concat`, ``data[10:20]``). All pickle,
    so all go to worker processes. What is wrong with a row is that row's error, raised or replaced when the row is
    read; it is never the data set's.

    ``data[3]`` shows a row as a `Sample`; ``data[10:20]``, ``data[[3, 5]]`` and ``data[mask]`` are sources of those
    rows.

    Attributes:
        left_out: How much of what lay with the data is no sample, by kind: ``{"hidden": 2, ".gif": 1}``.
    """

    left_out: Mapping[str, int] = {}

    def __init__(self, description: str, left_out: Mapping[str, int] | None = None) -> None:
        self._description = description
        self.left_out = {kind: count for kind, count in sorted((left_out or {}).items()) if count}

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def key(self, row: int) -> str:
        """What the format calls row number ``row``: an image id, a file name, a member of a shard."""

    @abstractmethod
    def find(self, row: int) -> tuple["Index", int]:
        """An index that has row number ``row``, and the row's number in it.

        Raises:
            ImpastoError: Of the kind that fits, if the row can't be had.
        """

    def parts(self, rows: "NDArray[np.int64]") -> list["Part"]:
        """The rows, by the source that reads each.

        Args:
            rows: Row numbers in ``[0, len(self))``, shape ``[N]``.
        """
        return [Part(self, rows, np.arange(len(rows), dtype=np.int64))]

    def held(self, rows: "NDArray[np.int64]") -> AbstractContextManager[Lost]:
        """Keeps what rows are read from while the context lasts; copies of shards that are not there are made.

        Args:
            rows: Row numbers in ``[0, len(self))``, shape ``[N]``.

        Returns:
            What gives, in the context, the error of a copy that somebody removed all the same; None where all is there.

        Raises:
            SourceError: If it can't be had.
        """
        return _all_held(part for part in self.parts(rows) if part.source is not self)

    def wanted(self, rows: "NDArray[np.int64]") -> "Sequence[Wanted]":
        """The copies that rows are read from, in the order in which they are wanted; none where there are no copies."""
        return [one for part in self.parts(rows) if part.source is not self for one in part.source.wanted(part.rows)]

    @property
    def copies(self) -> bool:
        """Whether some rows are read from copies."""
        return False

    def borders(self) -> "NDArray[np.int64] | None":
        """Where shards begin in the rows, and the last one ends, int64 ``[S + 1]``; None if rows lie in no shards.

        A shard is whatever is read best together: a tar file, a row group, a range of keys.
        """
        return None

    @overload
    def __getitem__(self, rows: int) -> Sample: ...
    @overload
    def __getitem__(self, rows: "slice | Sequence[int] | NDArray[Any]") -> "Subset": ...
    def __getitem__(self, rows: "int | slice | Sequence[int] | NDArray[Any]") -> "Sample | Subset":
        """A row, or a source of some rows.

        Args:
            rows: A number, which may count from the end; or a slice, row numbers, or a mask, bool ``[len(self)]``.

        Raises:
            IndexError: If there is no such row.
            RecipeError: If it is nothing of these.
            ImpastoError: If the one row can't be had.
        """
        chosen = row_numbers(rows, len(self))
        if not isinstance(chosen, int):
            return Subset(self, chosen)
        index, at = self.find(chosen)
        return Sample.of(index, at, chosen, self.facts(chosen), partial(self.held, np.asarray([chosen])))

    @property
    def keys(self) -> "Keys":
        """The keys of all rows, in order; each is read when asked for."""
        return Keys(self)

    def facts(self, row: int) -> Mapping[str, Any]:
        """Whatever the format knows of row number ``row``, under its own names: ids, boxes, masks, answers.

        They are read when they are asked for, in Python, and never pass through the core.
        ``data.facts(sample) for sample in batch.samples`` are those of a batch.

        Args:
            row: The row's number.

        Returns:
            The facts; ``"captions"`` holds all captions that are text. A source without facts has an empty mapping.
        """
        del row
        return {}

    def __repr__(self) -> str:
        rows = len(self)
        left = ", ".join(f"{count} {kind}" for kind, count in self.left_out.items())
        left = f"; left out: {left}" if left else ""
        return f"{type(self).__name__}({self._description}, {rows} row{'' if rows == 1 else 's'}{left})"


class Rewrites(NamedTuple):
    """Further captions of some rows.

    Attributes:
        captions: An index with them.
        rows: The rows' numbers in it, int64 ``[N]``.
        weight: How often one of them is drawn instead of a row's own; None draws among all alike.
    """

    captions: "Index"
    rows: "NDArray[np.int64]"
    weight: float | None


class Part(NamedTuple):
    """Some rows of a source, all read by one.

    Attributes:
        source: What reads them.
        rows: Their numbers there, int64 ``[N]``.
        places: Their places among the rows that were asked for, int64 ``[N]``.
        rewrites: Further captions of theirs.
    """

    source: Source
    rows: "NDArray[np.int64]"
    places: "NDArray[np.int64]"
    rewrites: Rewrites | None = None


class Wanted(Protocol):
    """A copy of a shard that is going to be read; equal ones are the same copy."""

    @property
    def nbytes(self) -> int:
        """Its bytes, as far as is known."""

    @property
    def room(self) -> int:
        """Bytes of copies that may be wanted at once; more would push each other out."""

    @property
    def told(self) -> str:
        """Where it comes from and how far it is, for people; empty if it is there."""

    def touch(self) -> None:
        """Makes it the last to be dropped for others, if it is there."""

    def begin(self) -> "Future[None]":
        """Begins to make it beside what the caller does, if it isn't there; done when it ended, well or not."""


@contextmanager
def _all_held(parts: Iterator[Part]) -> Iterator[Lost]:
    with ExitStack() as held:
        all_lost = [held.enter_context(part.source.held(part.rows)) for part in parts]
        yield lambda: next((error for lost in all_lost if (error := lost()) is not None), None)


class Subset(Source):
    """Some rows of a source, in an order: ``data[10:20]``, ``data[[3, 5]]``.

    Args:
        whole: The source.
        rows: Their numbers in it, each in ``[0, len(whole))``; a row may come more than once.
    """

    def __init__(self, whole: Source, rows: "range | NDArray[np.int64]") -> None:
        super().__init__(repr(whole))
        self._whole, self._rows = whole, rows

    def __len__(self) -> int:
        return len(self._rows)

    def _row(self, row: int) -> int:
        return int(self._rows[row_number(row, len(self))])

    def key(self, row: int) -> str:
        """What the source calls it."""
        return self._whole.key(self._row(row))

    def facts(self, row: int) -> Mapping[str, Any]:
        """What the source knows of it."""
        return self._whole.facts(self._row(row))

    def find(self, row: int) -> tuple["Index", int]:
        """Where the source has it."""
        return self._whole.find(self._row(row))

    @property
    def copies(self) -> bool:
        """Whether some of the source's rows are read from copies."""
        return self._whole.copies

    def borders(self) -> "NDArray[np.int64] | None":
        """Where the source's shards begin among these rows, if they are in its order."""
        whole = self._whole.borders()
        rows = np.asarray(self._rows, dtype=np.int64)
        return None if whole is None or (np.diff(rows) < 0).any() else np.searchsorted(rows, whole).astype(np.int64)

    def parts(self, rows: "NDArray[np.int64]") -> list[Part]:
        """The rows, by the source that reads each."""
        if isinstance(self._rows, range):
            return self._whole.parts(self._rows.start + self._rows.step * rows)
        return self._whole.parts(self._rows[rows])


class IndexedSource(Source):
    """A source whose rows are known from the start and lie in an index of flat buffers.

    Args:
        index: The rows.
        description: What to print between the brackets of ``repr``.
        left_out: What is no sample, by kind.
    """

    #: Whether each image is a file of its own, whose existence can be asked of the file system.
    image_files = True

    def __init__(self, index: "Index", description: str, left_out: Mapping[str, int] | None = None) -> None:
        super().__init__(description, left_out)
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

    def find(self, row: int) -> tuple["Index", int]:
        """The index, which has all rows."""
        return self._index, row_number(row, len(self))

    def held(self, rows: "NDArray[np.int64]") -> AbstractContextManager[Lost]:
        """Nothing: the rows stay where they are."""
        del rows
        return nullcontext(lambda: None)

    def facts(self, row: int) -> Mapping[str, Any]:
        """The row's captions, and what the format has besides."""
        row = row_number(row, len(self))
        return {**self._own_facts(row), "captions": self._captions(row)}

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        del row
        return {}

    def _captions(self, row: int) -> list[str]:
        captions = []
        for which in range(self._index.caption_count(row)):
            try:
                captions.append(self._index.caption(row, which))
            except ImpastoError:
                continue
        return captions


class GatheredSource(Source):
    """A source that Python code reads: asked for a batch's rows, it answers with an index of just those.

    Attributes:
        reading: The row that `gather` is at, and since when on the monotonic clock; None where it reads many together,
            or none.
    """

    reading: tuple[int, float] | None = None

    @abstractmethod
    def gather(self, ids: "NDArray[np.integer] | Sequence[int]") -> "Index":
        """The rows ``ids``, in that order.

        Args:
            ids: Row numbers in ``[0, len(self))``, shape ``[N]``.

        Returns:
            An index of ``N`` rows; those that can't be had are faults in it (`IndexBuilder.add_fault`).
        """

    def gather_texts(self, ids: "NDArray[np.integer] | Sequence[int]") -> "Index":
        """The rows ``ids`` for who wants their captions and labels; where that is cheaper, their images are empty."""
        return self.gather(ids)

    def find(self, row: int) -> tuple["Index", int]:
        """An index of that row alone."""
        return self.gather([row_number(row, len(self))]), 0


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
