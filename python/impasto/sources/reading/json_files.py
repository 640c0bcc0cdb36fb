"""Reading JSON annotation files, with errors that say where a file is wrong, and where each of its entries lies."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from impasto.errors import SourceError
from impasto.sources.reading.files import BOM, StrPath, as_text, read_data
from impasto.sources.reading.kept import Kept

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
# Python reads numbers of up to 4300 digits; what is longer stays text, since nobody may have asked for it.
_LONG_NUMBERS = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) < 4000 else digits)

#: Where the entries of a document's lists lie, by the list's name; an outermost list has the name "".
Spans = dict[str, list[tuple[int, int]]]


def read_json(path: StrPath) -> Any:
    """The document in a JSON file, as Python's json reads it.

    Raises:
        SourceError: The file cannot be read or is not JSON; the message has the line and column.
    """
    return read_entries(path)[0]


def read_entries(path: StrPath) -> tuple[Any, dict[str, Kept]]:
    """The document in a JSON file, and the entries of its outermost lists to be read again.

    Returns:
        The document, and the entries by the name of their list (an outermost list has the name "").

    Raises:
        SourceError: The file cannot be read or is not JSON; the message has the line and column.
    """
    data = read_data(path)
    text = as_text(data, path)
    spans: Spans = {}
    try:
        document = _document(text, spans)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        position = len(text) if error.msg.startswith("Unterminated string") else error.pos
        reason = f"not valid JSON at {place}: {error.msg}; {_advice(text, position)}"
        raise SourceError(reason, path=os.fspath(path)) from None
    except RecursionError:
        reason = "the JSON is nested too deeply to be an annotation file; check the path"
        raise SourceError(reason, path=os.fspath(path)) from None
    first = len(BOM) if data.startswith(BOM) else 0
    return document, {name: Kept(path, _in_bytes(text, places, first)) for name, places in spans.items()}


def entry(kept: Kept, number: int) -> Any:
    """One entry again."""
    return _value(kept.read(number).decode("utf-8", "surrogateescape"), 0)[0]


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number that is too long for an int
        return _LONG_NUMBERS.raw_decode(text, at)


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _document(text: str, spans: Spans) -> Any:
    at = _space(text, 0)
    document: Any
    if text[at : at + 1] == "[":
        document, at = _entries(text, at, spans.setdefault("", []))
    elif text[at : at + 1] == "{":
        document = {}
        for name, value, end in _fields(text, at, spans):
            at = end
            if name is not None:
                document[name] = value
    else:
        document, at = _value(text, at)
    if _space(text, at) < len(text):
        raise json.JSONDecodeError("Extra data", text, _space(text, at))
    return document


def _entries(text: str, at: int, places: list[tuple[int, int]]) -> tuple[list[Any], int]:
    """The list that begins at ``at``, and where it ends."""
    places.clear()
    found: list[Any] = []
    at = _space(text, at + 1)
    if text[at : at + 1] == "]":
        return found, at + 1
    while True:
        value, end = _value(text, at)
        found.append(value)
        places.append((at, end))
        at = _space(text, end)
        mark = text[at : at + 1]
        if mark == "]":
            return found, at + 1
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _space(text, at + 1)


def _fields(text: str, at: int, spans: Spans) -> Iterator[tuple[str | None, Any, int]]:
    """The fields of the object at ``at``, each with where it ends; last of all None and the object's own end."""
    at = _space(text, at + 1)
    if text[at : at + 1] == "}":
        yield None, None, at + 1
        return
    while True:
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        name, at = _value(text, at)
        at = _space(text, at)
        if text[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
        at = _space(text, at + 1)
        spans.pop(name, None)
        is_list = text[at : at + 1] == "["
        value, at = _entries(text, at, spans.setdefault(name, [])) if is_list else _value(text, at)
        yield name, value, at
        at = _space(text, at)
        mark = text[at : at + 1]
        if mark == "}":
            yield None, None, at + 1
            return
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _space(text, at + 1)


def _in_bytes(text: str, places: list[tuple[int, int]], first: int) -> Iterator[tuple[int, int]]:
    """Places in a text as places in its file, which begins ``first`` bytes before it."""
    if text.isascii():
        yield from ((begin + first, end + first) for begin, end in places)
        return
    last, at = 0, first
    for begin, end in places:
        at += len(text[last:begin].encode("utf-8", "surrogateescape"))
        length = len(text[begin:end].encode("utf-8", "surrogateescape"))
        yield at, at + length
        last, at = end, at + length


def _advice(text: str, position: int) -> str:
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
