"""JSON lines: an object a line, each of which can be read again."""

import json
from typing import Any

from impasto.errors import SourceError
from impasto.sources.reading.files import StrPath, as_text, read_data
from impasto.sources.reading.json_files import read_entries
from impasto.sources.reading.kept import Kept


def read_objects(path: StrPath) -> tuple[list[Any], Kept]:
    """The objects of a file of JSON lines, or of one JSON list, and where each lies.

    Raises:
        SourceError: The file can't be read, is empty, or has a line that is no JSON; the message has its number.
    """
    data = read_data(path)
    if as_text(data[:4096], path).lstrip()[:1] == "[":
        document, kept = read_entries(path)
        if not isinstance(document, list) or not document:
            raise SourceError("the list is empty; check the path", path=str(path))
        return document, kept[""]
    found, spans, at = [], [], 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        text = as_text(line, path) if number == 1 else line.decode("utf-8", "surrogateescape")
        if text.strip():
            try:
                found.append(json.loads(text))
            except ValueError as error:
                reason = f"line {number} is no JSON: {error}; give one object a line, or download the file again"
                raise SourceError(reason, path=str(path)) from None
            except RecursionError:
                reason = f"line {number} is nested too deeply to be an annotation; check the path"
                raise SourceError(reason, path=str(path)) from None
            spans.append((at + len(line) - len(line.lstrip(b"\xef\xbb\xbf")), at + len(line)))
        at += len(line)
    if not found:
        raise SourceError("the file is empty; download it again", path=str(path))
    return found, Kept(path, spans)


def require_fields(found: list[Any], names: tuple[tuple[str, ...], ...], kind: str, path: str) -> None:
    """Requires objects of a format: one of the first has, of each group of names, at least one.

    Raises:
        SourceError: If it hasn't; the message has the fields that there are.
    """
    first = next((one for one in found[:100] if isinstance(one, dict)), {})
    missing = [" or ".join(map(repr, group)) for group in names if not set(group) & set(first)]
    if missing:
        there = ", ".join(map(repr, list(first)[:10])) or "no fields"
        reason = f"this is no {kind} file: its entries have {there}, and no {', no '.join(missing)}; check the path"
        raise SourceError(reason, path=path)
