"""Rows of files that hold images in a column: read a group of rows at a time, never a file at a time."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from impasto._core import Index, IndexBuilder
from impasto.errors import ImpastoError, SourceError
from impasto.sources.base import GatheredSource
from impasto.sources.numbers import row_number
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.gathering import add_row, from_user_code
from impasto.sources.reading.labels import as_label
from impasto.sources.reading.shards import as_patterns, find_shards

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A struct with one of the fields that images have.
_FIELDS = re.compile(r"^struct<(.*, )?(bytes|path): ")
#: Decoded groups are kept up to this many bytes, for rows that come together.
_KEPT = 256 << 20


class ColumnFile(Protocol):
    """A file of named columns, whose rows lie in groups."""

    path: str
    #: The columns, with their Arrow types as text.
    columns: Mapping[str, str]
    #: Rows of each group.
    counts: Sequence[int]

    def __init__(self, path: str) -> None: ...

    def read(self, group: int, columns: Sequence[str]) -> Any:
        """Some columns of a group, as pyarrow has them.

        Raises:
            SourceError: They can't be read.
        """
        ...


class ColumnRows:
    """The rows of such files, one after the other.

    Args:
        files: The files, all with these columns.
        image: The column of images: encoded bytes, paths relative to the file's folder, or a struct of ``bytes`` and
            ``path``, as ``datasets`` has it.
        caption: The column of captions, strings or lists of them, or None.
        label: The column of whole numbers, or None.

    Raises:
        SourceError: There is no such column, it can't be one of images, or there are no rows.
    """

    def __init__(self, files: Sequence[ColumnFile], image: str, caption: str | None, label: str | None) -> None:
        self._files = files
        self._image, self._caption, self._label = image, caption, label
        self._texts = list(dict.fromkeys(column for column in (caption, label) if column is not None))
        for file in files:
            _check(file, image, self._texts)
        places = [(file, group) for file in range(len(files)) for group in range(len(files[file].counts))]
        self._places = np.asarray(places, np.int64).reshape(-1, 2)
        counts = [count for file in files for count in file.counts]
        self._ends = np.cumsum(counts, dtype=np.int64)
        #: Where groups begin, and the last one ends, int64 [G + 1].
        self.borders: NDArray[np.int64] = np.concatenate([[0], self._ends])
        if not len(self):
            raise SourceError("the data set is empty: there are no rows; check the path", path=files[0].path)
        self._start_anew()

    def _start_anew(self) -> None:
        self._kept: OrderedDict[tuple[int, tuple[str, ...]], Any] = OrderedDict()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_kept", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start_anew()

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def gather(self, ids: NDArray[np.integer] | Iterable[int], *, images: bool = True) -> Index:
        """The rows ``ids``, in that order; what is wrong with a row is its error.

        Args:
            ids: Their numbers.
            images: Whether their images are read; else they are empty.
        """
        rows = [int(row) for row in ids]
        wanted = [*([self._image] if images else []), *self._texts]
        records: dict[int, dict[str, Any] | ImpastoError] = {}
        # Group by group, so that each is read once for a batch.
        for row in sorted(set(rows)):
            records[row] = self._record(row, wanted)
        builder = IndexBuilder()
        for row in rows:
            self._add(builder, row, records[row], images=images)
        return builder.finish()

    def facts(self, row: int) -> dict[str, Any]:
        """The row's columns but that of the images, and its captions.

        Raises:
            SourceError: They can't be read.
        """
        row = row_number(row, len(self))
        file, _ = self._file_of(row)
        found = self._record(row, [column for column in file.columns if column != self._image])
        if isinstance(found, ImpastoError):
            raise type(found)(found.reason, key=str(row), path=found.path)
        captions = found.get(self._caption) if self._caption is not None else None
        captions = captions if isinstance(captions, list) else [captions]
        return {**found, "captions": [caption for caption in captions if isinstance(caption, str)]}

    def _file_of(self, row: int) -> tuple[ColumnFile, int]:
        group = int(np.searchsorted(self._ends, row, side="right"))
        return self._files[self._places[group, 0]], group

    def _record(self, row: int, columns: list[str]) -> dict[str, Any] | ImpastoError:
        file, group = self._file_of(row)
        start = int(self._ends[group - 1]) if group else 0
        try:
            table = self._group(group, columns)
            return {name: table.column(name)[row - start].as_py() for name in columns}
        except SourceError as error:
            return error
        except ValueError as error:  # a string that is not UTF-8
            wrong = from_user_code(error)
            return type(wrong)(wrong.reason, path=file.path)

    def _group(self, group: int, columns: list[str]) -> Any:
        key = (group, tuple(columns))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            file, number = self._places[group]
            table = self._files[file].read(int(number), columns)
            self._kept[key] = table
            while len(self._kept) > 1 and sum(one.nbytes for one in self._kept.values()) > _KEPT:
                self._kept.popitem(last=False)
            return table

    def _add(self, builder: IndexBuilder, row: int, record: dict[str, Any] | ImpastoError, *, images: bool) -> None:
        key = str(row)
        if isinstance(record, ImpastoError):
            builder.add_fault(key, record)
            return
        path = self._file_of(row)[0].path
        image: Any = _bytes_or_path(record[self._image], Path(path).parent) if images else b""
        caption = None if self._caption is None else record[self._caption]
        remedy = "number the classes, or leave label= out"
        label = None if self._label is None else as_label(record[self._label], path=path, remedy=remedy)
        add_row(builder, key, image, caption, label, path=path)


class ColumnSource(GatheredSource):
    """A source of files of columns; a row's key is its number.

    Args:
        files: A path, a pattern, or a sequence of these.
        image: As `ColumnRows` has it.
        caption: As `ColumnRows` has it.
        label: As `ColumnRows` has it.

    Raises:
        SourceError: A pattern matches nothing, or as `ColumnRows` has it.
    """

    #: What opens a file by its path.
    _opened: ClassVar[type[ColumnFile]]

    def __init__(
        self,
        files: StrPath | Sequence[StrPath],
        *,
        image: str = "image",
        caption: str | None = "caption",
        label: str | None = None,
    ) -> None:
        paths = find_shards(as_patterns(files))
        super().__init__(f"{len(paths)} file{'' if len(paths) == 1 else 's'}, image={image!r}, caption={caption!r}")
        self._rows = ColumnRows([self._opened(path) for path in paths], image, caption, label)

    @classmethod
    def columns(cls, file: StrPath) -> list[str]:
        """The names of a file's columns."""
        return list(cls._opened(os.fspath(file)).columns)

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, row: int) -> str:
        """The row's number."""
        return str(row)

    def borders(self) -> NDArray[np.int64]:
        """Where groups of rows begin, and the last one ends: they are read whole, or from one place."""
        return self._rows.borders

    def gather(self, ids: NDArray[np.integer] | Iterable[int]) -> Index:
        """The rows ``ids``, in that order; what is wrong with a row is its error."""
        return self._rows.gather(ids)

    def gather_texts(self, ids: NDArray[np.integer] | Iterable[int]) -> Index:
        """The rows ``ids`` without their images."""
        return self._rows.gather(ids, images=False)

    def facts(self, row: int) -> Mapping[str, Any]:
        """The row's columns without its image, and its captions."""
        return self._rows.facts(row)


def kinds(schema: Any, path: str) -> dict[str, str]:
    """The types of a file's columns, by name.

    Args:
        schema: pyarrow's.
        path: The file.

    Raises:
        SourceError: Two columns have one name.
    """
    names = list(schema.names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(f"columns share a name: {', '.join(map(repr, twice))}; rename one of each", path=path)
    return {field.name: str(field.type) for field in schema}


def _bytes_or_path(image: Any, folder: Path) -> Any:
    if isinstance(image, dict):
        image = image["bytes"] if image.get("bytes") is not None else image.get("path")
    return folder / image if isinstance(image, str) else image


def _check(file: ColumnFile, image: str, texts: list[str]) -> None:
    there = ", ".join(map(repr, file.columns))
    for column in (image, *texts):
        if column not in file.columns:
            remedy = "name the columns with image= and caption= of impasto.sources.Parquet or Arrow"
            reason = f"there is no column {column!r}; {remedy} (there are {there})"
            raise SourceError(reason, path=file.path)
    kind = file.columns[image]
    held = kind.removeprefix("dictionary<values=").removeprefix("large_")
    if not (held.startswith(("binary", "fixed_size_binary", "string")) or _FIELDS.search(held)):
        reason = f"the column {image!r} is of type {kind}, no images: encoded bytes, paths, or a struct of both"
        raise SourceError(f"{reason}; name it with image= (there are {there})", path=file.path)
