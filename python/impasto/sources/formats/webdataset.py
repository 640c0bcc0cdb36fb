"""WebDataset and img2dataset tar shards."""

import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Literal

from impasto._core import IndexBuilder
from impasto.checks import choice, instance, path, texts
from impasto.errors import RecipeError, SourceError
from impasto.files import open_regular
from impasto.sources.base import IndexedSource
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.shards import as_patterns, find_shards

#: Endings of the members that are taken for images, the preferred first.
SHARD_IMAGES = ("jpg", "jpeg", "png", "webp")

_CHANGED = "the shard changed after it was indexed; build the source again"


class WebDataset(IndexedSource):
    """Samples of uncompressed tar shards, as webdataset and img2dataset write them.

    Neighbouring members whose paths agree up to the first dot of the base name are one sample, and that path is its
    key; a group of members without image, caption and label is none, and left out. Links are not followed: a sample
    whose image is one is at fault. Shards are never unpacked; the index
    of each is built once and kept. They must not change while they are read: one that does is refused. Rows are in the
    order of the shards and, inside a shard, of its members. A row's facts are its other members, by ending: ``.json``
    ones parsed, ``.txt`` and ``.cls`` ones as text, the rest, and what can't be parsed, as bytes.

    Args:
        shards: A path, a brace pattern (``"data/{00000..00041}.tar"``), a glob pattern, or a sequence of these.
        images: Endings of the members that hold the image; the first that a sample has is taken.
        caption: Ending of the member that holds the caption (``"txt"``), or ``"json:FIELD"`` for a field of the
            ``.json`` member; ``"json"`` is ``"json:caption"``.
        label: Ending of the member that holds a decimal label.
        truncated: What to do with a shard that ends in the middle of a member: ``"error"``, or ``"keep"`` the
            complete members before the cut.
        cache: Folder for the shards' indexes; by default they lie beside the shards, where that is writable.

    Raises:
        SourceError: A pattern matches nothing; a shard is missing, compressed or cut; there are no samples.
        RecipeError: An option makes no sense.
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
    ) -> None:
        if isinstance(images, str) or not images or any(ending[:1] in ("", ".") for ending in texts("images", images)):
            raise RecipeError(f"images={images!r} must be endings without the dot, such as ('jpg', 'png')")
        instance("caption", caption, str)
        instance("label", label, str)
        choice("truncated", truncated, ("error", "keep"))
        ending, field = _caption_member(caption)
        patterns = as_patterns(shards)
        paths = find_shards(patterns)
        builder = IndexBuilder()
        for shard in paths:
            builder.add_tar(
                shard,
                images=list(images),
                caption=ending,
                json_field=field,
                label=label,
                keep_truncated=truncated == "keep",
                cache=None if cache is None else path("cache", cache),
            )
        left_out = builder.left_out
        index = builder.finish()
        shown = repr(patterns[0] if len(patterns) == 1 else patterns)
        if not len(index):
            found = ", ".join(f"{count} {kind}" for kind, count in left_out.items()) or "no members"
            reason = f"the data set is empty: the shards hold no samples but {found}; name the images' endings"
            raise SourceError(f"{reason} with images=(...), or check the pattern", path=shown)
        super().__init__(index, f"{shown}, {len(paths)} shard{'' if len(paths) == 1 else 's'}", left_out)
        self._images = {ending.lower() for ending in images}

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
