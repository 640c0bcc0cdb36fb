"""How a verb opens a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from impasto.cli.kinds import File, Folder, Positive

if TYPE_CHECKING:
    from impasto.sources import Source


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What `impasto.sources.open` is told besides the place.

    Args:
        images: Folder of the images, by default looked for near the annotations.
        caption: Where shards keep captions: txt, or json:FIELD; of Parquet and Arrow files, the column.
        split: The split of a file that holds several, such as Karpathy's: test, or train+restval.
        cache: Folder for copies of shards that lie elsewhere (s3://, https://, pipe:) or are packed (.tar.gz).
        cache_gb: What the copies may take, in gigabytes.
        keep: Only the rows of this list, which `impasto clean` writes.
    """

    images: Folder | None = None
    caption: Annotated[str, "WHERE"] | None = None
    split: Annotated[str, "SPLIT"] | None = None
    cache: Folder | None = None
    cache_gb: Positive = 50
    keep: File | None = None

    def open(self, place: str) -> Source:
        """Opens a data set.

        Raises:
            SourceError: The format is not known, or the data set cannot be opened.
        """
        from impasto import sources

        source = sources.open(
            place,
            images=self.images,
            caption=self.caption,
            split=self.split,
            cache=self.cache,
            cache_gb=self.cache_gb,
        )
        return source if self.keep is None else sources.keep(source, self.keep)
