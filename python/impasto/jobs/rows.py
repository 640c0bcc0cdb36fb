"""One row of a data set, read for a job: bytes, captions and label, or one error that names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from impasto._core import Index
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
        captions: All that can be read.
        label: If there is one.
        data: The image's file, as it is.
        unused: What is wrong with further captions, which a loader takes no heed of either.
    """

    number: int
    key: str
    path: str
    captions: list[str]
    label: int | None
    data: bytes
    unused: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """What the sample's ``.json`` says of it whatever becomes of the image."""
        caption = self.captions[0] if self.captions else None
        unused = {"unused_captions": self.unused} if self.unused else {}
        return {"key": self.key, "caption": caption, "captions": self.captions, "label": self.label, **unused}


def read_row(source: Source, number: int) -> Row:
    """Reads a row, if a loader would take it: of its captions one at least must be readable, where it has any.

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
        captions, unused = _captions(index, place)
        return Row(number, key, path, captions, index.label(place), data, unused)
    except ImpastoError as error:
        raise located(error, key, path) from error


def _captions(index: Index, place: int) -> tuple[list[str], list[str]]:
    """A row's captions that can be read, and what is wrong with the others."""
    try:
        return index.captions(place), []
    except ImpastoError as error:
        first = error
    captions, unused = [], []
    for which in range(index.caption_count(place)):
        try:
            captions.append(index.caption(place, which))
        except ImpastoError as error:
            unused.append(error.reason)
    if not captions:
        raise first
    return captions, unused


def bad_entry(error: ImpastoError, row: int, **more: int) -> dict[str, Any]:
    """What is written down of a sample that can't be used: its place, and what is wrong with it."""
    what = {"path": error.path, "error": type(error).__name__, "reason": error.reason}
    return {"key": error.key, "row": row, **more, **what}
