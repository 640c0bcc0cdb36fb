"""How a verb opens a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from impasto.cli.kinds import File, Folder

if TYPE_CHECKING:
    from impasto.sources import Source


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What `impasto.sources.open` is told besides the place.

    Args:
        images: Folder of the images, by default looked for near the annotations.
        caption: Where shards keep captions: txt, or json:FIELD; of Parquet and Arrow files, the column.
        split: The split of a file that holds several, such as Karpathy's: test, or train+restval.
        keep: Only the rows of this list, which `impasto clean` writes.
    """

    images: Folder | None = None
    caption: Annotated[str, "WHERE"] | None = None
    split: Annotated[str, "SPLIT"] | None = None
    keep: File | None = None

    def open(self, place: str) -> Source:
        """Opens a data set.

        Raises:
            SourceError: The format is not known, or the data set cannot be opened.
        """
        from impasto import sources

        source = sources.open(place, images=self.images, caption=self.caption, split=self.split)
        return source if self.keep is None else sources.keep(source, self.keep)
