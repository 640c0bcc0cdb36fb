"""How a verb opens a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from impasto.cli.kinds import File, Folder, Positive
from impasto.errors import RecipeError

if TYPE_CHECKING:
    from impasto.sources import Source


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What `impasto.sources.open` is told besides the place.

    Args:
        images: Folder of the images, of all data sets where there are several; by default looked for near each one's
            annotations.
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

    def open_splits(self, places: Sequence[str]) -> list[Source]:
        """Opens data sets to train on together: the split is of those that have several, and named where one has.

        Raises:
            SourceError: A format is not known, or a data set cannot be opened.
            RecipeError: One is of a file with several splits, and none was named; or none is, and one was.
        """
        if len(places) == 1 or self.split is None:
            return [self.open_split(place) for place in places]
        without = replace(self, split=None)
        whole = [without._whole(place) for place in places]
        if not any(map(_has_splits, whole)):
            raise RecipeError(f"--split {self.split}: no data set has several splits; leave it out")
        return [
            self.open(place) if _has_splits(source) else self._kept(source)
            for place, source in zip(places, whole, strict=True)
        ]

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
    if split is None and _has_splits(source):
        raise RecipeError(f"{source!r} is of a file with several splits; name one, such as {flag} test")


def _has_splits(source: Source) -> bool:
    from impasto import sources

    return isinstance(source, sources.KarpathyCaptions | sources.RefCoco)
