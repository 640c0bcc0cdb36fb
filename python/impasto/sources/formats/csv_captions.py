"""open_clip's CSV: a table with a column of image paths and one of captions."""

import os
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.tables import Quoting, Record, Table, parse_record


class CsvCaptions(IndexedSource):
    r"""Image-caption pairs of a table with a header, as open_clip reads with ``--csv-separator`` and the like.

    One row is one record. The row's key is its image path, so records that share an image share a key; a record
    without one has the key ``"line N"``. A row's facts are all its columns.

    Args:
        csv: The file.
        images: The folder that the image paths are relative to; by default they are absolute or relative to the
            working directory.
        image: Name of the column of image paths.
        caption: Name of the column of captions.
        sep: The character between columns.
        quoting: ``"double"``: a field may stand in double quotes, and then hold ends of lines. ``"none"``: quotes are
            plain characters, as in many tab-separated files. By default as ``"double"``, but a table in which a quoted
            field seems to hide other rows is refused.
        root: What ``images`` was called.

    Raises:
        SourceError: The file is missing, empty or lacks a column; its quotes don't fit; there is no such folder.
        RecipeError: ``sep`` is not one character; ``quoting`` is not known.
    """

    def __init__(
        self,
        csv: StrPath,
        *,
        images: StrPath = "",
        image: str = "filepath",
        caption: str = "title",
        sep: str = "\t",
        quoting: Quoting = None,
        root: StrPath = "",
    ) -> None:
        images = root if images == "" else images
        if not isinstance(sep, str) or len(sep) != 1:
            raise RecipeError(f"sep={sep!r} is not one character; say sep=',' or sep='\\t'")
        folder = require_folder(images) if images != "" else ""
        table = Table(csv, sep, quoting=quoting)
        records = iter(table)
        self._header = next(records, Record(1, 1, [])).fields
        columns = [_column(self._header, name, sep, table.path) for name in (image, caption)]
        builder = IndexBuilder(folder)
        self._kept = table.keep(_add_all(builder, table, records, self._header, columns))
        self._sep, self._quoting = sep, quoting
        index = builder.finish()
        if not len(index):
            raise SourceError("the data set is empty: the table has no lines below its header", path=table.path)
        super().__init__(index, f"{table.path!r}" + (f", images={os.fspath(images)!r}" if folder else ""))

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        fields = parse_record(self._kept.read(row), self._sep, self._quoting)
        return dict(zip_longest(self._header, fields[: len(self._header)]))


def _add_all(
    builder: IndexBuilder, table: Table, records: Iterator[Record], header: list[str], columns: list[int]
) -> Iterator[tuple[int, int]]:
    """Adds a row for each record; yields its first and last lines."""
    image, caption = columns
    for record in records:
        line, fields = record.first, record.fields
        if len(fields) != len(header):
            reason = f"line {line} has {len(fields)} fields and the header {len(header)}; quote the field or add it"
            key = fields[image] if len(fields) > image and fields[image] else f"line {line}"
            builder.add_fault(key, SourceError(reason, path=table.path))
        elif not fields[image]:
            error = SourceError(f"line {line} has no image path; give it one, or remove it", path=table.path)
            builder.add_fault(f"line {line}", error, as_captions(fields[caption], path=table.path))
        else:
            table.require_no_rows_in(record, len(header), image)
            builder.add_file(fields[image], fields[image], as_captions(fields[caption], path=table.path))
        yield record.first, record.last


def _column(header: list[str], name: str, sep: str, path: str) -> int:
    if not header:
        raise SourceError("the data set is empty: the file has no lines; check the path", path=path)
    if name in header:
        return header.index(name)
    other = next((mark for mark in "\t,;|" if mark != sep and mark in header[0]), None)
    if len(header) == 1 and other:
        reason = f"the header has one column with sep={sep!r}; this table seems to need sep={other!r}"
    else:
        reason = f"there is no column {name!r}; name the columns with image= and caption= (there are {header})"
    raise SourceError(reason, path=path)
