"""How a verb opens a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from impasto.cli.kinds import File, Folder, Positive
from impasto.errors import RecipeError

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
        return self._kept(self._whole(place))

    def open_split(self, place: str) -> Source:
        """Opens a data set to train or judge on, whose splits must not be mixed up; see `require_split`.

        Raises:
            SourceError: The format is not known, or the data set cannot be opened.
            RecipeError: It is of a file with several splits, and none was named.
        """
        source = self._whole(place)
        require_split(source, self.split, "--split")
        return self._kept(source)

    def _whole(self, place: str) -> Source:
        from impasto import sources

        return sources.open(
            place,
            images=self.images,
            caption=self.caption,
            split=self.split,
            cache=self.cache,
            cache_gb=self.cache_gb,
        )

    def _kept(self, source: Source) -> Source:
        from impasto import sources

        return source if self.keep is None else sources.keep(source, self.keep)


def require_split(source: Source, split: str | None, flag: str) -> None:
    """Requires that a split was named of what is of a file with several: by default a Karpathy file is all of them.

    Args:
        source: The data set.
        split: What was named.
        flag: How it is named.

    Raises:
        RecipeError: If none was.
    """
    from impasto import sources

    if split is None and isinstance(source, sources.KarpathyCaptions | sources.RefCoco):
        raise RecipeError(f"{source!r} is of a file with several splits; name one, such as {flag} test")
