"""WebDataset and img2dataset tar shards."""

import json
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from impasto._core import IndexBuilder
from impasto.checks import choice, instance, path, texts
from impasto.errors import RecipeError, SourceError
from impasto.files import open_regular
from impasto.sources.base import IndexedSource, Lost, Wanted
from impasto.sources.numbers import row_number
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.shards import as_patterns, find_shards
from impasto.sources.remote.addresses import shown
from impasto.sources.remote.placed import PlacedShards, TarOptions
from impasto.sources.remote.transfer import Transfer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from impasto._core import Index

#: Endings of the members that are taken for images, the preferred first.
SHARD_IMAGES = ("jpg", "jpeg", "png", "webp")

_CHANGED = "the shard changed after it was indexed; build the source again"


class WebDataset(IndexedSource):
    """Samples of tar shards, as webdataset and img2dataset write them, on a local disk or elsewhere.

    Neighbouring members whose paths agree up to the first dot of the base name are one sample, and that path is its
    key; a group of members without image, caption and label is none, and left out. Links are not followed: a sample
    whose image is one is at fault. Shards are never unpacked; the index
    of each is built once and kept. They must not change while they are read: one that does is refused. Rows are in the
    order of the shards and, inside a shard, of its members. A row's facts are its other members, by ending: ``.json``
    ones parsed, ``.txt`` and ``.cls`` ones as text, the rest, and what can't be parsed, as bytes.

    Shards that lie elsewhere (``s3://``, ``gs://``, ``https://``: whatever fsspec has installed), come out of a command
    (``pipe:curl ...``) or are packed (``.tar.gz``) are read from copies in ``cache``, which come when they are wanted
    and go when there are newer ones; see ``docs/remote.md``.

    Args:
        shards: A path, a brace pattern (``"data/{00000..00041}.tar"``), a glob pattern, or a sequence of these; a URL,
            with such a pattern too, or ``pipe:`` and a command, which a shell runs.
        images: Endings of the members that hold the image; the first that a sample has is taken.
        caption: Ending of the member that holds the caption (``"txt"``), or ``"json:FIELD"`` for a field of the
            ``.json`` member; ``"json"`` is ``"json:caption"``. A field that is a list of texts holds several captions.
        label: Ending of the member that holds a decimal label.
        truncated: What to do with a shard that ends in the middle of a member: ``"error"``, or ``"keep"`` the
            complete members before the cut.
        cache: Folder for the shards' indexes; by default they lie beside the shards, where that is writable. Copies lie
            there too, so that shards of which there are copies need it.
        cache_gb: What copies may take there, in gigabytes (1e9 bytes); what is being read is never dropped.
        transfer: How shards are copied: credentials, retries, time-outs.

    Raises:
        SourceError: A pattern matches nothing; a shard is missing, cut or can't be had; there are no samples.
        RecipeError: An option makes no sense.
        MissingExtraError: fsspec is not installed, and a shard lies elsewhere.
    """

    image_files = False

    def __init__(
        self,
        shards: StrPath | Sequence[StrPath],
        *,
        images: Sequence[str] = SHARD_IMAGES,
        caption: str = "txt",
        label: str = "cls",
        truncated: Literal["error", "keep"] = "error",
        cache: StrPath | None = None,
        cache_gb: float = 50.0,
        transfer: Transfer | None = None,
    ) -> None:
        if isinstance(images, str) or not images or any(ending[:1] in ("", ".") for ending in texts("images", images)):
            raise RecipeError(f"images={images!r} must be endings without the dot, such as ('jpg', 'png')")
        instance("caption", caption, str)
        instance("label", label, str)
        choice("truncated", truncated, ("error", "keep"))
        ending, field = _caption_member(caption)
        patterns = as_patterns(shards)
        folder = None if cache is None else path("cache", cache)
        self._placed = PlacedShards(folder, cache_gb, transfer or Transfer())
        paths = find_shards(patterns, self._placed.found)
        builder = IndexBuilder()
        options = TarOptions(list(images), ending, field, label, truncated == "keep")
        self._placed.index(paths, builder, options)
        left_out = builder.left_out
        index = builder.finish()
        names = [shown(pattern) for pattern in patterns]
        told = repr(names[0] if len(names) == 1 else names)
        if not len(index):
            found = ", ".join(f"{count} {kind}" for kind, count in left_out.items()) or "no members"
            reason = f"the data set is empty: the shards hold no samples but {found}; name the images' endings"
            raise SourceError(f"{reason} with images=(...), or check the pattern", path=told)
        super().__init__(index, f"{told}, {len(paths)} shard{'' if len(paths) == 1 else 's'}", left_out)
        self._images = {ending.lower() for ending in images}

    @property
    def copies(self) -> bool:
        """Whether some shards are read from copies."""
        return self._placed.copies

    def borders(self) -> "NDArray[np.int64]":
        """Where shards begin, and the last one ends."""
        return self._placed.borders

    def held(self, rows: "NDArray[np.int64]") -> AbstractContextManager[Lost]:
        """Copies the rows' shards that are not there, and keeps them while the context lasts."""
        return self._placed.held(rows)

    def wanted(self, rows: "NDArray[np.int64]") -> Sequence[Wanted]:
        """The rows' shards that are read from copies."""
        return self._placed.wanted(rows)

    def find(self, row: int) -> tuple["Index", int]:
        """The index; the row's shard stays where it is until another row is asked for."""
        found = super().find(row)
        self._placed.hold_one(found[1])
        return found

    def facts(self, row: int) -> Mapping[str, Any]:
        """The row's captions, and its other members."""
        self._placed.hold_one(row_number(row, len(self)))
        return super().facts(row)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        place = self.index.place(row)
        if place is None:
            return {}
        shard, begin = place
        key, facts, met = self.key(row), {}, False
        try:
            with open_regular(shard) as file:
                file.seek(begin)
                with tarfile.open(fileobj=file, mode="r:") as tar:
                    while (member := tar.next()) is not None and _split(member.name)[0] == key:
                        met, ending = True, _split(member.name)[1]
                        if member.isfile() and ending.lower() not in self._images:
                            facts[ending] = _fact(tar, member, ending)
        except (OSError, tarfile.TarError) as error:
            raise SourceError(f"{_CHANGED} ({error})", key=key, path=shard) from error
        if not met:
            raise SourceError(_CHANGED, key=key, path=shard)
        return facts


def _split(name: str) -> tuple[str, str]:
    """WebDataset's rule: the key ends at the first dot of the base name, the rest is the ending."""
    base, _, ending = PurePosixPath(name).name.partition(".")
    return name[: len(name) - len(PurePosixPath(name).name)] + base, ending


def _fact(tar: tarfile.TarFile, member: tarfile.TarInfo, ending: str) -> Any:
    file = tar.extractfile(member)
    data = b"" if file is None else file.read()
    kind = ending.rpartition(".")[2].lower()
    if kind not in ("json", "txt", "cls"):
        return data
    try:
        return json.loads(data) if kind == "json" else data.decode()
    except (ValueError, RecursionError):
        return data


def _caption_member(caption: str) -> tuple[str, str | None]:
    if caption == "json":
        return "json", "caption"
    ending, colon, field = caption.partition(":")
    if ending[:1] in ("", ".") or (colon and (ending != "json" or not field)):
        raise RecipeError(f"caption={caption!r} must be an ending without the dot ('txt') or 'json:FIELD'")
    return ending, field or None
