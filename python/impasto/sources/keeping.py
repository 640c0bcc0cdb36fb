"""Data sets without the rows that a list leaves out, and the file of such a list."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from impasto.checks import is_count, require
from impasto.errors import SourceError
from impasto.files import new_file, open_regular, writing
from impasto.sources.base import Source, Subset

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMAT = "impasto-keep-1"
_REMEDY = "open the data set that the list was made of, or clean this one"


class KeptRows(Subset):
    """The rows of a data set that a list keeps; see `keep`.

    Args:
        data: The data set.
        path: The list.
    """

    def __init__(self, data: Source, path: Path) -> None:
        names = list(_names(data))
        header, kept = _read(path, len(names), _digest(names))
        absent = kept - set(names)
        if absent:
            reason = f"it keeps what is not there, such as {sorted(key for key, _ in absent)[:3]}; {_REMEDY}"
            raise SourceError(f"the list is damaged or of another data set: {reason}", path=str(path))
        if header.get("kept") != len(kept):
            reason = f"it has {len(kept)} keys, and its first line says {header.get('kept')}; make the list again"
            raise SourceError(f"the list is cut, or has a key twice: {reason}", path=str(path))
        rows = np.array([row for row, name in enumerate(names) if name in kept], np.int64)
        super().__init__(data, rows)
        out = len(names) - len(rows)
        self.left_out = {**data.left_out, **({"not on the keep-list": out} if out else {})}


def keep(data: Source, path: str | Path) -> KeptRows:
    """A data set without the rows that a list leaves out: ``keep.jsonl``, which `impasto.jobs.clean` writes.

    The list has the rows by their keys, so that it holds for the same data read in another order, from other folders
    or another format, as long as the keys are the same. Rows that share a key are told apart by their order among
    themselves. ``data.left_out["not on the keep-list"]`` counts what is left out.

    Args:
        data: The data set, any source.
        path: The list.

    Raises:
        SourceError: If the list is of other data (the keys are not the same), is cut, or can't be read.

    Examples:
        >>> import impasto, pathlib, tempfile
        >>> data = impasto.sources.Sequence([(b"...", "a cat"), (b"...", "a dog"), (b"...", "a cow")])
        >>> file = pathlib.Path(tempfile.mkdtemp(), "keep.jsonl")
        >>> write_keep_list(file, data, [0, 2])
        >>> list(keep(data, file).keys)
        ['0', '2']
    """
    return KeptRows(data, Path(path))


def write_keep_list(path: str | Path, data: Source, rows: Iterable[int] | NDArray[np.integer[Any]]) -> None:
    """Writes a list of rows for `keep`: JSON lines, of which the first says of what data, each other a key.

    Args:
        path: The file, which appears when it is complete.
        data: The data set.
        rows: Numbers of the rows that are kept; their order has no say.

    Raises:
        RecipeError: If there is no such row.
        SourceError: If the file can't be written.
    """
    names = list(_names(data))
    chosen = set(rows)
    wrong = [row for row in chosen if not is_count(row) or not 0 <= row < len(names)]
    require(not wrong, f"rows={wrong[:3]} are no rows of {data!r}")
    kept = [names[row] for row in sorted(chosen)]
    header = {"format": _FORMAT, "rows": len(names), "kept": len(kept), "keys": _digest(names)}
    with writing("the list", path), new_file(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(json.dumps(header) + "\n")
        file.writelines(json.dumps(name.key if name.nth == 0 else list(name)) + "\n" for name in kept)


class _Name(NamedTuple):
    """A row's key, and how many rows before it have the same."""

    key: str
    nth: int


def _names(data: Source) -> Iterator[_Name]:
    before: Counter[str] = Counter()
    for key in data.keys:
        yield _Name(key, before[key])
        before[key] += 1


def _digest(names: Iterable[_Name]) -> str:
    """The same for the same keys in any order."""
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(name.key.encode() + b"\0")
    return digest.hexdigest()


def _read(path: Path, rows: int, keys: str) -> tuple[dict[str, Any], set[_Name]]:
    """A list's first line, and the rows that it keeps, if it is of data with such keys."""
    with open_regular(path) as file:
        header = _document(file.readline(), 1, path)
        if not isinstance(header, dict) or header.get("format") != _FORMAT:
            raise SourceError(
                f"its first line is not that of a keep-list ({_FORMAT}); see impasto clean", path=str(path)
            )
        if header.get("rows") != rows or header.get("keys") != keys:
            told = f"its data set had {header.get('rows')} rows, this one has {rows}"
            told = f"{told} with other keys" if header.get("rows") == rows else told
            raise SourceError(f"the list is of another data set: {told}; {_REMEDY}", path=str(path))
        return header, {_name(_document(line, number, path), number, path) for number, line in enumerate(file, 2)}


def _document(line: bytes, number: int, path: Path) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise SourceError(f"line {number} is no JSON: {error}; make the list again", path=str(path)) from error


def _name(document: Any, number: int, path: Path) -> _Name:
    match document:
        case str():
            return _Name(document, 0)
        case [str() as key, int() as nth]:
            return _Name(key, nth)
    raise SourceError(f"line {number} is no key: {document!r}; make the list again", path=str(path))
