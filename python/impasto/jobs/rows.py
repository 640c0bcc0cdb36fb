"""One row of a data set, read for a job: bytes, captions and label, or one error that names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from impasto.errors import ImpastoError, RecipeError, located
from impasto.recipe import ImageRecipe
from impasto.sources import Source


@dataclass(frozen=True)
class Row:
    """A row, read.

    Attributes:
        number: In the data set.
        key: The sample's.
        path: The image's file.
        captions: All of them.
        label: If there is one.
        data: The image's file, as it is.
    """

    number: int
    key: str
    path: str
    captions: list[str]
    label: int | None
    data: bytes

    def record(self) -> dict[str, Any]:
        """What the sample's ``.json`` says of it whatever becomes of the image."""
        caption = self.captions[0] if self.captions else None
        return {"key": self.key, "caption": caption, "captions": self.captions, "label": self.label}


def read_row(source: Source, number: int) -> Row:
    """Reads a row.

    Raises:
        RecipeError: If the source is none.
        ImpastoError: Of the kind that fits, naming the sample, if a part of it can't be had.
    """
    key = path = None
    try:
        key = source.key(number)
        if not isinstance(source, Source):
            raise RecipeError(f"source={source!r} is no source; see impasto.sources")
        index, place = source.find(number)
        path = index.path(place)
        data = index.image(place, ImageRecipe.max_bytes)
        return Row(number, key, path, index.captions(place), index.label(place), data)
    except ImpastoError as error:
        raise located(error, key, path) from error


def bad_entry(error: ImpastoError, row: int, **more: int) -> dict[str, Any]:
    """What is written down of a sample that can't be used: its place, and what is wrong with it."""
    what = {"path": error.path, "error": type(error).__name__, "reason": error.reason}
    return {"key": error.key, "row": row, **more, **what}
