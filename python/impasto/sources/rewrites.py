"""Further captions from a side file, such as a language model's rewrites, beside a data set's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto._core import IndexBuilder
from impasto.checks import is_number, require
from impasto.errors import ImpastoError, RecipeError, SourceError
from impasto.sources.base import Part, Rewrites, Source
from impasto.sources.numbers import row_number
from impasto.sources.reading.captions import Caption, as_captions
from impasto.sources.reading.side_files import read_records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from impasto._core import Index


def with_rewrites(
    data: Source, path: str | Path, *, key: str = "key", caption: str = "captions", weight: float | None = None
) -> "Rewritten":
    """A data set with further captions from a JSON-lines or Parquet file, as LaCLIP and VeCLIP train with.

    A row's rewrites are counted behind its own captions: ``batch.plan.choices`` says which was drawn, and
    ``TextRecipe(caption_weights=)`` goes on through them. They are for drawing: ``captions="first"`` and ``"all"`` take
    the data set's own alone.

    Args:
        data: The data set.
        path: The file: a record for each image, or several.
        key: The field that names an image as ``data.keys`` does.
        caption: The field with a caption, or a list of captions.
        weight: How often a rewrite is drawn instead of an own caption, in [0, 1], where a row has both; None draws
            among all of a row's captions alike.

    Raises:
        RecipeError: If the weight makes no sense.
        SourceError: If the file can't be read, lacks a field, has something else than captions in it, or is about none
            of the rows; the message names line and fields.
        MissingExtraError: If it is a Parquet file and pyarrow is not installed.

    Examples:
        >>> import impasto, json, pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "rewrites.jsonl")
        >>> _ = file.write_text(json.dumps({"key": "1", "captions": ["a hound", "a puppy"]}))
        >>> data = impasto.sources.Sequence([(b"...", "a cat"), (b"...", "a dog")])
        >>> with_rewrites(data, file, weight=0.5)[1].facts
        {'rewrites': ['a hound', 'a puppy']}
    """
    usable = weight is None or (is_number(weight) and 0 <= weight <= 1)
    require(usable, f"weight={weight!r} must lie in [0, 1], or be None")
    return Rewritten(data, Path(path), key, caption, weight)


def _captions(value: object, where: str, path: Path) -> list[Caption]:
    captions = as_captions(value, path=str(path))
    for caption in captions:
        if isinstance(caption, ImpastoError):
            raise SourceError(f"{where}: {caption.reason}", path=str(path)) from caption
    return captions


class Rewritten(Source):
    """A data set and further captions of its rows; see `with_rewrites`.

    Args:
        data: The data set.
        path: The file.
        key: The field that names an image.
        caption: The field with its captions.
        weight: How often a rewrite is drawn; None draws among all captions alike.
    """

    def __init__(self, data: Source, path: Path, key: str, caption: str, weight: float | None) -> None:
        found: dict[str, list[Any]] = {}
        for where, name, value in read_records(path, key, caption):
            found.setdefault(name, []).extend(_captions(value, f"{where}, of key {name!r}", path))
        builder = IndexBuilder()
        used = set()
        for row, name in enumerate(data.keys):
            captions = found.get(name, [])
            builder.add_bytes(str(row), b"", captions)
            used.update([name] if captions else [])
        if not found:
            raise SourceError("there are no records in it; give one rewrite a line", path=str(path))
        if not used and (empty := sorted(found.keys() & set(data.keys))):
            reason = f"it has no captions for any row: {caption!r} of {empty[:3]} is empty; name a field with caption="
            raise SourceError(reason, path=str(path))
        if not used:
            reason = (
                f"no row has a key of its {len(found)}: {sorted(found)[:3]}, not {data.keys[:3]}; name it with key="
            )
            raise SourceError(reason, path=str(path))
        described = f"{data!r}, '{path}', weight={weight}"
        super().__init__(described, {**data.left_out, "rewrites of no row": len(found) - len(used)})
        self._data, self._weight = data, weight
        self._rewrites = builder.finish()

    def __len__(self) -> int:
        return len(self._data)

    def key(self, row: int) -> str:
        """What the data set calls it."""
        return self._data.key(row)

    def facts(self, row: int) -> Mapping[str, Any]:
        """What the data set knows of it, and its ``"rewrites"`` that are text."""
        return {**self._data.facts(row), "rewrites": self._texts(row_number(row, len(self)))}

    def _texts(self, row: int) -> list[str]:
        texts = []
        for which in range(self._rewrites.caption_count(row)):
            try:
                texts.append(self._rewrites.caption(row, which))
            except ImpastoError:
                continue
        return texts

    def find(self, row: int) -> tuple["Index", int]:
        """Where the data set has it, with its own captions."""
        return self._data.find(row)

    @property
    def copies(self) -> bool:
        """Whether some of the data set's rows are read from copies."""
        return self._data.copies

    def borders(self) -> "NDArray[np.int64] | None":
        """Where the data set's shards begin."""
        return self._data.borders()

    def parts(self, rows: "NDArray[np.int64]") -> list[Part]:
        """The rows, by the source that reads each, with their rewrites."""
        found = []
        for part in self._data.parts(rows):
            if part.rewrites is not None:
                raise RecipeError(f"{self!r} rewrites what has rewrites; put all of them into one file")
            further = Rewrites(self._rewrites, rows[part.places], self._weight)
            found.append(part._replace(rewrites=further))
        return found
