"""Reading delimited files: no row is lost to a stray quote without a word."""

import csv
import os
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain
from pathlib import PurePosixPath
from typing import Literal, NamedTuple, TypeAlias

from impasto import checks
from impasto.checks import choice
from impasto.errors import SourceError
from impasto.files import open_regular
from impasto.sources.reading.files import StrPath, as_text, read_data
from impasto.sources.reading.kept import Kept

#: How double quotes are read: as ``"double"`` quoting, as ``"none"``, or, by default, as double quoting that is not
#: believed where it would hide what looks like rows.
Quoting: TypeAlias = Literal["double", "none"] | None

_END = "\x00impasto end of file"
_REMEDY = "double the quotes inside a quoted field, or read quotes as plain characters with quoting='none'"


class Record(NamedTuple):
    """A record of a table: its fields, and the first and last of its lines, from 1 on."""

    first: int
    last: int
    fields: list[str]


class Table:
    """The records of a delimited file.

    Args:
        path: The file.
        sep: The character between columns.
        quoting: How double quotes are read.

    Raises:
        SourceError: The file cannot be read, or its lines end in CR.
        RecipeError: ``quoting`` is not known.
    """

    def __init__(self, path: StrPath, sep: str, *, quoting: Quoting = None) -> None:
        choice("quoting", quoting, (None, "double", "none"))
        self.path, self.sep, self.quoting = checks.path("table", path), sep, quoting
        data = read_data(path)
        self.lines = as_lines(as_text(data, path), self.path)
        # Only "\n" ends a line for every tool that writes these files.
        self._sizes = [len(line) + 1 for line in data.split(b"\n")]

    def __iter__(self) -> Iterator[Record]:
        if self.quoting == "none":
            return _plain(self.lines, self.sep)
        return _quoted(self.path, (line + "\n" for line in self.lines), self.sep)

    def require_no_rows_in(self, record: Record, columns: int, image: int) -> None:
        """Refuses a record whose quotes hide what looks like other rows.

        Args:
            record: The record.
            columns: How many columns the table has.
            image: The column of image paths.

        Raises:
            SourceError: One of its lines but the first is as long as a row, with an image of the same ending.
        """
        if self.quoting is not None or record.first == record.last:
            return
        ending = PurePosixPath(record.fields[image]).suffix
        for number, line in enumerate(self.lines[record.first : record.last], record.first + 1):
            fields = line.split(self.sep)
            if len(fields) == columns and fields[image] and PurePosixPath(fields[image]).suffix == ending:
                reason = (
                    f"line {record.first}: a double quote opens there and hides line {number}, which looks like a row; "
                    f"{_REMEDY}; if it is no row, say quoting='double'"
                )
                raise SourceError(reason, path=self.path)

    def keep(self, lines: Iterable[tuple[int, int]]) -> Kept:
        """Records to be read again, by their first and last lines."""
        ends = list(accumulate(self._sizes, initial=0))
        return Kept(self.path, ((ends[first - 1], ends[last]) for first, last in lines))


def parse_record(data: bytes, sep: str, quoting: Quoting) -> list[str]:
    """The fields of one record."""
    text = data.decode("utf-8-sig", "surrogateescape")
    if quoting == "none":
        return text.rstrip("\r\n").split(sep)
    return next(_of_any_length(csv.reader(text.splitlines(keepends=True), delimiter=sep)), [])


def as_lines(text: str, path: str) -> list[str]:
    """The lines of a text.

    Raises:
        SourceError: They end in CR alone.
    """
    if "\r" in text and "\n" not in text:
        raise SourceError("its lines end in CR, as on old Macs; convert them: tr '\\r' '\\n' < FILE > NEW", path=path)
    return text.split("\n")


def stream_records(path: StrPath, sep: str, quoting: Quoting) -> Iterator[Record]:
    """The records of a file that may be larger than memory, as `Table` has them.

    Raises:
        SourceError: The file cannot be read, or a record cannot be split.
    """
    lines = stream_lines(path)
    if quoting == "none":
        return _plain(lines, sep)
    return _quoted(checks.path("table", path), (line + "\n" for line in lines), sep)


def stream_lines(path: StrPath) -> Iterator[str]:
    """The lines of a UTF-8 file, one at a time, without their ends.

    Raises:
        SourceError: The file cannot be read, is in another encoding, or its lines end in CR.
    """
    with open_regular(path) as file:
        for number, line in enumerate(file):
            # What is wrong with the encoding is seen at the beginning; so is the byte order mark.
            text = as_lines(as_text(line, path), os.fspath(path))[0] if number == 0 else _decoded(line)
            yield text.rstrip("\n")


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _plain(lines: Iterable[str], sep: str) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if line.rstrip("\r"):
            yield Record(number, number, line.rstrip("\r").split(sep))


def _quoted(path: str, lines: Iterable[str], sep: str) -> Iterator[Record]:
    # An open quote swallows the rest of the file without a word from csv: the end mark tells.
    reader = csv.reader(chain(lines, [_END]), delimiter=sep, strict=True)
    line = 1
    try:
        for fields in _of_any_length(reader):
            if fields == [_END]:
                return
            if fields and fields[-1].endswith(_END):
                break
            if fields:
                yield Record(line, reader.line_num, fields)
            line = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end of data" not in str(error):
            raise SourceError(f"line {line} cannot be split: {error}; {_advice(str(error))}", path=path) from error
    raise SourceError(f"line {line}: a double quote never closes; {_REMEDY}", path=path)


def _of_any_length(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """A reader's records, however long a field is: csv takes 131,072 characters for a stray quote."""
    while True:
        # The limit is the process's: nobody else shall meet ours.
        before = csv.field_size_limit(2**31 - 1)
        try:
            fields = next(reader, None)
        finally:
            csv.field_size_limit(before)
        if fields is None:
            return
        yield fields


def _advice(error: str) -> str:
    if "new-line character" in error:
        return "a carriage return (CR) stands in it; convert the line ends to LF"
    return f"a stray double quote; {_REMEDY}"
