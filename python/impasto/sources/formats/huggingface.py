"""Data sets of the Hugging Face ``datasets`` library."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from impasto._core import Index, IndexBuilder
from impasto.errors import SourceError
from impasto.sources.base import GatheredSource
from impasto.sources.reading.gathering import add_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class HuggingFace(GatheredSource):
    """Images and captions of a ``datasets.Dataset``.

    Images are taken as they are stored (``Image(decode=False)``), so that the core decodes them. The row's key is its
    number.

    Args:
        dataset: A map-style data set: one split, not streaming.
        image: Name of the column of images (an ``Image`` column, or one of encoded bytes or paths).
        caption: Name of the column of captions (strings or lists of strings), or ``None`` for no captions.
        label: Name of the column of integer labels, or ``None`` for no labels.

    Raises:
        SourceError: It is not one map-style split, it is empty, or it has no such column.
    """

    def __init__(
        self, dataset: Any, *, image: str = "image", caption: str | None = "caption", label: str | None = None
    ) -> None:
        try:
            import datasets
        except ImportError:
            raise SourceError("Hugging Face data sets need: pip install datasets", path="memory") from None
        if isinstance(dataset, (datasets.DatasetDict, datasets.IterableDatasetDict)):
            names = ", ".join(map(repr, dataset))
            raise SourceError(f"this is a dictionary of splits; pick one of {names}", path="memory")
        if not isinstance(dataset, datasets.Dataset):
            reason = f"a {type(dataset).__name__} has no rows by number; load it with streaming=False"
            raise SourceError(reason, path="memory")
        if not len(dataset):
            raise SourceError("the data set is empty", path="memory")
        wanted = [column for column in (image, caption, label) if column is not None]
        for column in wanted:
            if column not in dataset.column_names:
                reason = f"there is no column {column!r}; name the columns with image= and caption="
                raise SourceError(f"{reason} (there are {dataset.column_names})", path="memory")
        plain = dataset.select_columns(list(dict.fromkeys(wanted))).with_format(None)
        if isinstance(plain.features[image], datasets.Image):
            plain = plain.cast_column(image, datasets.Image(decode=False))
        super().__init__(f"image={image!r}, caption={caption!r}")
        self._dataset = plain
        self._image, self._caption, self._label = image, caption, label

    def __len__(self) -> int:
        return len(self._dataset)

    def key(self, row: int) -> str:
        """The row's number."""
        return str(row)

    def gather(self, ids: "NDArray[np.integer] | Iterable[int]") -> Index:
        """The rows ``ids``, in that order.

        Raises:
            SourceError: A row has no image.
            CaptionError: A caption is not a string.
        """
        rows = [int(row) for row in ids]
        columns: dict[str, list[Any]] = self._dataset[rows]
        builder = IndexBuilder()
        for place, row in enumerate(rows):
            image = columns[self._image][place]
            if isinstance(image, dict):
                image = image["bytes"] if image.get("bytes") is not None else image.get("path")
            caption = None if self._caption is None else columns[self._caption][place]
            label = None if self._label is None else columns[self._label][place]
            add_row(builder, str(row), image, caption, None if label is None else int(label))
        return builder.finish()
