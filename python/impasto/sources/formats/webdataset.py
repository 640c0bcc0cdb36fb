"""WebDataset and img2dataset tar shards."""

import os
from collections.abc import Sequence
from typing import Literal

from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.files import StrPath
from impasto.sources.reading.shards import as_patterns, find_shards

#: Endings of the members that are taken for images, the preferred first.
SHARD_IMAGES = ("jpg", "jpeg", "png", "webp")


class WebDataset(IndexedSource):
    """Samples of uncompressed tar shards, as webdataset and img2dataset write them.

    Neighbouring members whose paths agree up to the first dot of the base name are one sample, and that path is its
    key. Shards are mapped into memory and never unpacked; the index of each is built once and kept. Rows are in the
    order of the shards and, inside a shard, of its members.

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
        SourceError: A pattern matches nothing; a shard is missing, compressed, cut or holds a sample without an
            image; there are no samples.
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
        if isinstance(images, str) or not images or any(ending[:1] in ("", ".") for ending in images):
            raise RecipeError(f"images={images!r} must be endings without the dot, such as ('jpg', 'png')")
        if truncated not in ("error", "keep"):
            raise RecipeError(f"truncated={truncated!r} is neither 'error' nor 'keep'")
        ending, field = _caption_member(caption)
        patterns = as_patterns(shards)
        paths = find_shards(patterns)
        builder = IndexBuilder()
        for path in paths:
            builder.add_tar(
                path,
                images=list(images),
                caption=ending,
                json_field=field,
                label=label,
                keep_truncated=truncated == "keep",
                cache=None if cache is None else os.fspath(cache),
            )
        index = builder.finish()
        shown = repr(patterns[0] if len(patterns) == 1 else patterns)
        if not len(index):
            raise SourceError("the data set is empty: the shards hold no samples; check the pattern", path=shown)
        super().__init__(index, f"{shown}, {len(paths)} shard{'' if len(paths) == 1 else 's'}")


def _caption_member(caption: str) -> tuple[str, str | None]:
    if caption == "json":
        return "json", "caption"
    ending, colon, field = caption.partition(":")
    if ending[:1] in ("", ".") or (colon and (ending != "json" or not field)):
        raise RecipeError(f"caption={caption!r} must be an ending without the dot ('txt') or 'json:FIELD'")
    return ending, field or None
