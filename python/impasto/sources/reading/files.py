"""Reading annotation files, with errors that say where a file is wrong and what to do."""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from impasto.errors import SourceError

#: A path as users write it.
StrPath: TypeAlias = str | os.PathLike[str]

_END = "\x00impasto end of file"


def read_text(path: StrPath) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Bytes that are not UTF-8 become lone surrogates, so that only the captions that hold them are at fault.

    Raises:
        SourceError: The file is missing or cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise SourceError("the file does not exist; check the path", path=os.fspath(path)) from None
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror}", path=os.fspath(path)) from error
    if data.startswith(b"\x1f\x8b"):
        raise SourceError("the file is compressed; unpack it with gunzip first", path=os.fspath(path))
    return data.decode("utf-8-sig", "surrogateescape")


def read_json(path: StrPath) -> Any:
    """The document in a JSON file.

    Raises:
        SourceError: The file cannot be read or is not JSON; the message has the line and column.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        position = len(text) if error.msg.startswith("Unterminated string") else error.pos
        reason = f"not valid JSON at {place}: {error.msg}; {_json_advice(text, position)}"
    except RecursionError:
        reason = "the JSON is nested too deeply to be an annotation file; check the path"
    raise SourceError(reason, path=os.fspath(path))


def _json_advice(text: str, position: int) -> str:
    start = text[:200].lstrip()
    if not start:
        return "the file is empty; download it again"
    if start.startswith("<"):
        return "it looks like an HTML or XML page; download the file again"
    if position >= len(text.rstrip()):
        return "the file seems to be cut short; download it again"
    if start.startswith("{") and position and text[:position].rstrip().endswith("}"):
        return "it looks like JSON lines; join the lines into one list"
    return "repair it there, or download it again"


def read_table(path: StrPath, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a delimited file with double quotes as the only quoting, each with the line that it starts on.

    Raises:
        SourceError: The file cannot be read, a quote never closes, or a record cannot be split.
    """
    # csv counts a record's lines, and only "\n" ends a line for every tool that writes these files.
    lines = read_text(path).split("\n")
    return _records(path, (line + "\n" for line in lines), separator)


def _records(path: StrPath, lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    # An open quote swallows the rest of the file without a word from csv: the end mark tells.
    reader = csv.reader(chain(lines, [_END]), delimiter=separator)
    line = 1
    try:
        for fields in reader:
            if fields == [_END]:
                return
            if fields and fields[-1].endswith(_END):
                break
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        advice = "a double quote may never close; write it twice or quote the whole field"
        raise SourceError(f"line {line} cannot be split: {error}; {advice}", path=os.fspath(path)) from error
    reason = f"line {line}: a double quote never closes; close it, or write a quote inside a field twice"
    raise SourceError(reason, path=os.fspath(path))


def require_folder(folder: StrPath, what: str = "images") -> str:
    """The absolute path of a folder that must exist.

    Args:
        folder: The folder.
        what: What the folder is for, in messages.

    Raises:
        SourceError: There is no such folder.
    """
    path = Path(folder).absolute()
    if path.is_dir():
        return str(path)
    state = "is not a folder" if path.exists() else "does not exist"
    raise SourceError(f"the {what} folder {state}; check the path given to the source", path=str(path))
