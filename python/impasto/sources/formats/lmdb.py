"""LMDB databases of encoded images."""

from __future__ import annotations

import json
import os
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto._core import Index, IndexBuilder
from impasto.errors import CaptionError, ImpastoError, SourceError
from impasto.extras import need
from impasto.sources.base import GatheredSource
from impasto.sources.numbers import row_number
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.gathering import add_row
from impasto.sources.reading.labels import as_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Endings of the entries that are images, the preferred first; an entry without an ending is one too.
_IMAGES = ("jpg", "jpeg", "png", "webp", "")
_OTHERS = ("txt", "json", "cls")
#: Entries in which many databases keep how many samples there are, and their keys: no samples.
_ABOUT = ("__len__", "__keys__")

#: Keys that count as a shard.
_RANGE = 1000

#: The databases of this process by the paths of their files: none may be opened twice.
_databases: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


class Lmdb(GatheredSource):
    """Images and captions of an LMDB database, laid out as the members of a shard are named.

    An entry's key is a sample's key and, after the first dot of the base name, what it is of the sample: ``.jpg``,
    ``.jpeg``, ``.png``, ``.webp`` or nothing the encoded image; ``.txt`` its caption; ``.json`` an object of facts,
    whose ``caption`` (a string or a list) is taken where there is no ``.txt``; ``.cls`` a decimal label. Nothing is
    unpickled. Rows are in the order of the keys' bytes; samples without an image, other entries, those named
    ``__len__`` and ``__keys__``, and keys that are no text are left out. The keys are read once, values when they are
    asked for.

    Args:
        path: The database: a folder with ``data.mdb``, or a file.

    Raises:
        SourceError: It is no LMDB database, or holds no images under keys that are text.
        MissingExtraError: lmdb is not installed.
    """

    def __init__(self, path: StrPath) -> None:
        self._path = str(Path(path).resolve())
        self._database: Any = None
        samples, left_out = self._list()
        #: Keys, and the endings that each has as they are written, as few different tuples.
        self._keys = [key for key, endings in samples.items() if _image_of(endings) is not None]
        self._endings = [samples[key] for key in self._keys]
        left_out["without an image"] += len(samples) - len(self._keys)
        if not self._keys:
            reason = "there are no images: keys are text such as 'a', 'a.jpg', with 'a.txt' or 'a.json' for its caption"
            reason += f"; left out are {dict(left_out)}" if left_out.total() else ""
            raise SourceError(reason, path=self._path)
        super().__init__(repr(os.fspath(path)), left_out)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_database": None}

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, row: int) -> str:
        """The sample's key."""
        return self._keys[row]

    def borders(self) -> NDArray[np.int64]:
        """Where ranges of 1,000 keys begin, and the last one ends: neighbours mostly lie near each other."""
        ranges = -(-len(self) // _RANGE)
        return np.minimum(np.arange(ranges + 1, dtype=np.int64) * _RANGE, len(self))

    def gather(self, ids: NDArray[np.integer] | Iterable[int]) -> Index:
        """The rows ``ids``, in that order; what is wrong with a row is its error."""
        return self._gather(ids, images=True)

    def gather_texts(self, ids: NDArray[np.integer] | Iterable[int]) -> Index:
        """The rows ``ids`` without their images."""
        return self._gather(ids, images=False)

    def facts(self, row: int) -> Mapping[str, Any]:
        """What the sample's ``.json`` holds, and its captions.

        Raises:
            SourceError: It is no JSON object.
        """
        row = row_number(row, len(self))
        with self._begin() as transaction:
            captions, facts = self._texts(transaction, row)
        if isinstance(facts, ImpastoError):
            raise type(facts)(facts.reason, key=self._keys[row], path=facts.path)
        return {**facts, "captions": [caption for caption in captions if isinstance(caption, str)]}

    def _gather(self, ids: NDArray[np.integer] | Iterable[int], *, images: bool) -> Index:
        builder = IndexBuilder()
        with self._begin() as transaction:
            for row in map(int, ids):
                key, endings = self._keys[row], self._endings[row]
                image = transaction.get(f"{key}{_image_of(endings) or ''}".encode()) if images else b""
                captions, facts = self._texts(transaction, row)
                label = self._label(transaction, row)
                wrong = facts if isinstance(facts, ImpastoError) and _of(endings, "txt") is None else None
                add_row(builder, key, image, [wrong] if wrong is not None else captions, label, path=self._path)
        return builder.finish()

    def _texts(self, transaction: Any, row: int) -> tuple[list[Any], dict[str, Any] | ImpastoError]:
        """The captions of a row, and its facts or what is wrong with them."""
        text, told = (self._value(transaction, row, ending) for ending in ("txt", "json"))
        facts: dict[str, Any] | ImpastoError = {}
        if told is not None:
            try:
                facts = json.loads(told)
            except ValueError as error:
                facts = CaptionError(f"its .json is not JSON: {error}", path=self._path)
            if not isinstance(facts, dict | ImpastoError):
                facts = CaptionError(f"its .json is a {type(facts).__name__}, not an object", path=self._path)
        if text is not None:
            return [text.decode("utf-8", "surrogateescape")], facts
        found = facts.get("caption", facts.get("captions")) if isinstance(facts, dict) else None
        return list(found) if isinstance(found, list) else [] if found is None else [found], facts

    def _label(self, transaction: Any, row: int) -> int | SourceError | None:
        text = self._value(transaction, row, "cls")
        if text is None:
            return None
        text = text.strip()
        value: Any = int(text) if text.removeprefix(b"-").isdigit() else text
        return as_label(value, path=self._path, remedy="write a decimal number into its .cls")

    def _value(self, transaction: Any, row: int, ending: str) -> bytes | None:
        written = _of(self._endings[row], ending)
        value: bytes | None = None if written is None else transaction.get(f"{self._keys[row]}{written}".encode())
        return value

    def _list(self) -> tuple[dict[str, tuple[str, ...]], Counter[str]]:
        """The endings of every sample, in the order of their keys, and what is none."""
        samples: dict[str, tuple[str, ...]] = {}
        left_out: Counter[str] = Counter()
        kinds: dict[tuple[str, ...], tuple[str, ...]] = {}
        with self._begin() as transaction:
            for raw in transaction.cursor().iternext(keys=True, values=False):
                try:
                    key, written = _split(raw.decode())
                except UnicodeDecodeError:
                    left_out["whose key is no text"] += 1
                    continue
                ending = written[1:].lower()
                if key in _ABOUT or ending not in _IMAGES + _OTHERS:
                    left_out[key if key in _ABOUT else f".{ending}"] += 1
                    continue
                endings = (*samples.get(key, ()), written)
                samples[key] = kinds.setdefault(endings, endings)
        return samples, left_out

    def _begin(self) -> Any:
        """A transaction that only reads, without locks: so a forked child may go on with what it inherits."""
        lmdb = need("lmdb", "lmdb")
        try:
            if self._database is None:
                folder = Path(self._path).is_dir()
                file = os.path.realpath(Path(self._path, "data.mdb") if folder else self._path)
                self._database = _databases.get(file)
            if self._database is None:
                options = {"readonly": True, "lock": False, "readahead": False, "meminit": False, "subdir": folder}
                self._database = _databases[file] = lmdb.open(self._path, create=False, **options)
            return self._database.begin()
        except lmdb.Error as error:
            if "already open" in str(error):
                reason = (
                    "this process has opened the database elsewhere, and LMDB allows it once; close that environment"
                )
                raise SourceError(f"{reason} (env.close()) first", path=self._path) from error
            raise SourceError(f"this is no LMDB database that can be read: {error}", path=self._path) from error


def _split(name: str) -> tuple[str, str]:
    """The key and the ending with its dot: as in a shard, the key ends at the first dot of the base name."""
    base = PurePosixPath(name).name
    at = len(name) - len(base) + len(base.partition(".")[0])
    return name[:at], name[at:]


def _of(endings: tuple[str, ...], ending: str) -> str | None:
    """An ending as it is written, in whatever case; where several are, in lower case if one is."""
    found = [written for written in endings if written[1:].lower() == ending]
    return min(found, key=lambda written: (written != written.lower(), written), default=None)


def _image_of(endings: tuple[str, ...]) -> str | None:
    return next((found for found in (_of(endings, ending) for ending in _IMAGES) if found is not None), None)
