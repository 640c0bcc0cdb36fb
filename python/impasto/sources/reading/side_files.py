"""Files of records beside a data set: JSON lines and Parquet."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from impasto.errors import SourceError
from impasto.extras import need


class SideRecord(NamedTuple):
    """What a record says, and where.

    Attributes:
        where: Its place in the file, for messages: ``"line 3"``.
        name: What it is about.
        value: The field that was asked for.
    """

    where: str
    name: str
    value: Any


def read_records(path: Path, key: str, value: str) -> Iterator[SideRecord]:
    """A field of each record, with the field that names it.

    Args:
        path: JSON lines, or Parquet (known by its first bytes).
        key: The field that names what a record is about; numbers are taken as text.
        value: The field that is asked for.

    Raises:
        SourceError: If the file can't be read, a line is no JSON object, or a record lacks a field; the message has
            the fields there are.
        MissingExtraError: If it is Parquet and pyarrow is not installed.
    """
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
    except OSError as error:
        raise SourceError(f"the file can't be read: {error.strerror}; check its name", path=str(path)) from error
    yield from _parquet(path, key, value) if parquet else _json_lines(path, key, value)


def _json_lines(path: Path, key: str, value: str) -> Iterator[SideRecord]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                reason = f"line {number} is no JSON: {error}; give one object a line"
                raise SourceError(reason, path=str(path)) from error
            if not isinstance(record, dict):
                reason = f"line {number} is a {type(record).__name__}; give one object a line"
                raise SourceError(reason, path=str(path))
            _check_fields([key, value], list(record), f"line {number}", path)
            yield SideRecord(f"line {number}", str(record[key]), record[value])


def _parquet(path: Path, key: str, value: str) -> Iterator[SideRecord]:
    parquet: Any = need("pyarrow.parquet", "arrow")
    try:
        file = parquet.ParquetFile(path)
        _check_fields([key, value], file.schema_arrow.names, "the table", path)
        rows = count(1)
        for batch in file.iter_batches(columns=[key, value]):
            names, values = (batch.column(name).to_pylist() for name in (key, value))
            for row, name, found in zip(rows, names, values):  # noqa: B905  there is no end of rows
                yield SideRecord(f"row {row}", str(name), found)
    except SourceError:
        raise
    except (OSError, ValueError) as error:
        raise SourceError(f"the Parquet file can't be read: {error}", path=str(path)) from error


def _check_fields(wanted: list[str], there: list[str], where: str, path: Path) -> None:
    for field in wanted:
        if field not in there:
            reason = f"{where} has no {field!r}; name the fields with key= and caption= (there are {there})"
            raise SourceError(reason, path=str(path))
