"""Data sets of the Hugging Face ``datasets`` library."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from impasto._core import Index, IndexBuilder
from impasto.errors import SourceError
from impasto.extras import need
from impasto.sources.base import GatheredSource
from impasto.sources.numbers import row_number
from impasto.sources.reading.gathering import add_row, from_user_code
from impasto.sources.reading.labels import as_label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class HuggingFace(GatheredSource):
    """Images and captions of a ``datasets.Dataset``.

    Images are taken as they are stored (``Image(decode=False)``), so that the core decodes them. The row's key is its
    number. A row's facts are all columns but that of the images.

    Args:
        dataset: A map-style data set: one split, not streaming.
        image: Name of the column of images (an ``Image`` column, or one of encoded bytes or paths).
        caption: Name of the column of captions (strings or lists of strings), or ``None`` for no captions.
        label: Name of the column of integer labels, or ``None`` for no labels. A label that is no whole number is its
            row's error.

    Raises:
        SourceError: It is not one map-style split, it is empty, or it has no such column.
    """

    def __init__(
        self, dataset: Any, *, image: str = "image", caption: str | None = "caption", label: str | None = None
    ) -> None:
        datasets = need("datasets", "hf")
        if isinstance(dataset, (datasets.DatasetDict, datasets.IterableDatasetDict)):
            names = ", ".join(map(repr, dataset))
            raise SourceError(f"this is a dictionary of splits; pick one of {names}", path="memory")
        if not isinstance(dataset, datasets.Dataset):
            reason = f"a {type(dataset).__name__} has no rows by number; load it with streaming=False"
            raise SourceError(reason, path="memory")
        if not len(dataset):
            raise SourceError("the data set is empty", path="memory")
        self._wanted = list(dict.fromkeys(column for column in (image, caption, label) if column is not None))
        for column in self._wanted:
            if column not in dataset.column_names:
                reason = f"there is no column {column!r}; name the columns with image= and caption="
                raise SourceError(f"{reason} (there are {dataset.column_names})", path="memory")
        plain = dataset.with_format(None)
        for column, feature in plain.features.items():
            if isinstance(feature, datasets.Image):
                plain = plain.cast_column(column, datasets.Image(decode=False))
        super().__init__(f"image={image!r}, caption={caption!r}")
        self._all = plain
        self._read = plain.select_columns(self._wanted)
        self._image, self._caption, self._label = image, caption, label

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_read": None}  # the same rows need not travel twice

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._read = self._all.select_columns(self._wanted)

    def __len__(self) -> int:
        return len(self._all)

    def key(self, row: int) -> str:
        """The row's number."""
        return str(row)

    def gather(self, ids: "NDArray[np.integer] | Iterable[int]") -> Index:
        """The rows ``ids``, in that order; what is wrong with a row is its error."""
        rows = [int(row) for row in ids]
        builder = IndexBuilder()
        try:
            columns: dict[str, list[Any]] = self._read[rows]
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - one at a time, then, to learn which row it is
            for row in rows:
                self._add_alone(builder, row)
        else:
            for place, row in enumerate(rows):
                self._add(builder, row, {name: values[place] for name, values in columns.items()})
        return builder.finish()

    def facts(self, row: int) -> Mapping[str, Any]:
        """The row's columns without its image, and its captions."""
        row = row_number(row, len(self))
        facts = {name: value for name, value in self._all[row].items() if name != self._image}
        captions = None if self._caption is None else facts[self._caption]
        captions = captions if isinstance(captions, list) else [captions]
        return {**facts, "captions": [caption for caption in captions if isinstance(caption, str)]}

    def _add_alone(self, builder: IndexBuilder, row: int) -> None:
        try:
            columns = self._read[row]
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library raises is the row's
            builder.add_fault(str(row), from_user_code(error))
        else:
            self._add(builder, row, columns)

    def _add(self, builder: IndexBuilder, row: int, columns: dict[str, Any]) -> None:
        image = columns[self._image]
        if isinstance(image, dict):
            image = image["bytes"] if image.get("bytes") is not None else image.get("path")
        caption = None if self._caption is None else columns[self._caption]
        remedy = f"number the classes (dataset.class_encode_column({self._label!r})), or leave label= out"
        label = None if self._label is None else as_label(columns[self._label], path="memory", remedy=remedy)
        add_row(builder, str(row), image, caption, label)
