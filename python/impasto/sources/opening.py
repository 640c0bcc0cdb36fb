"""From a path to the source that reads it."""

import tarfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.formats.albef import AlbefCaptions
from impasto.sources.formats.coco import CocoCaptions
from impasto.sources.formats.csv_captions import CsvCaptions
from impasto.sources.formats.flickr import FlickrCaptions, flickr_layout, flickr_names
from impasto.sources.formats.image_folder import ImageFolder
from impasto.sources.formats.image_text_folder import ImageTextFolder
from impasto.sources.formats.karpathy import KarpathyCaptions
from impasto.sources.formats.webdataset import WebDataset
from impasto.sources.reading.files import read_json, read_table, read_text
from impasto.sources.reading.folders import is_image, walk
from impasto.sources.reading.json_kind import ALBEF, COCO, KARPATHY, json_kind
from impasto.sources.reading.shards import find_shards

_IMAGE_COLUMNS = ("filepath", "file_path", "image", "image_path", "file_name", "filename", "path")
_CAPTION_COLUMNS = ("title", "caption", "captions", "text")
_LOOKED_AT = 20


def open(target: str, *, images: str | None = None, caption: str | None = None) -> IndexedSource:
    """Opens a data set of a format that is told from its content.

    Args:
        target: An annotation file, a folder, a tar shard, or a brace or glob pattern of shards.
        images: The folder of the images that an annotation file names; by default it is looked for near the file.
        caption: Where tar shards keep captions, as in `WebDataset`; by default what the first shard has.

    Returns:
        The source; of a Karpathy file, with all its splits.

    Raises:
        SourceError: The format is not known, or the data set cannot be opened.
        CaptionError: A caption is not a string.
    """
    path = Path(target)
    if path.is_dir():
        return _open_folder(target, caption)
    if _is_tar(target) or (not path.exists() and any(mark in target for mark in "{*?[")):
        return WebDataset(target, caption=caption or _tar_caption(find_shards([target])[0]))
    head = read_text(path)[:65536].lstrip()
    return _open_json(target, images) if head[:1] in ("{", "[", "<", "") else _open_table(target, head, images)


def _open_folder(folder: str, caption: str | None) -> IndexedSource:
    if any(entry.suffix == ".tar" for entry in Path(folder).iterdir()):
        return open(str(Path(folder, "*.tar")), caption=caption)
    listing = list(walk(folder))
    beside = any(name.lower().endswith(".txt") for _, names in listing for name in names)
    flat = any(is_image(name) for prefix, names in listing for name in names if not prefix)
    return ImageTextFolder(folder) if beside or flat else ImageFolder(folder)


def _is_tar(target: str) -> bool:
    path = Path(target)
    return path.suffix == ".tar" or (path.is_file() and tarfile.is_tarfile(path))


def _tar_caption(shard: str) -> str:
    try:
        with tarfile.open(shard, "r:") as tar:
            names = [member.name for member in islice(tar, _LOOKED_AT)]
    except (OSError, tarfile.TarError):
        return "txt"  # the source says what is wrong with the shard
    endings = {Path(name).suffix for name in names}
    return "json" if ".json" in endings and ".txt" not in endings else "txt"


def _open_json(target: str, images: str | None) -> IndexedSource:
    document = read_json(target)
    kind = json_kind(document)
    if kind == ALBEF:
        return AlbefCaptions(target, root=_images(target, images, _names(document, "image")))
    if kind == KARPATHY:
        entries = document["images"]
        names = [Path(e.get("filepath") or "", name) for e, name in _with_names(entries, "filename")]
        splits = dict.fromkeys(e["split"] for e in entries if isinstance(e, dict) and isinstance(e.get("split"), str))
        return KarpathyCaptions(target, images=_images(target, images, names), split=tuple(splits))
    names = _names(document["images"], "file_name") if kind == COCO else []
    return CocoCaptions(target, images=_images(target, images, names))


def _with_names(entries: Any, field: str) -> Iterator[tuple[dict[str, Any], str]]:
    for entry in islice(entries, _LOOKED_AT):
        if isinstance(entry, dict) and isinstance(entry.get(field), str):
            yield entry, entry[field]


def _names(entries: Any, field: str) -> list[Path]:
    return [Path(name) for _, name in _with_names(entries, field)]


def _open_table(target: str, head: str, images: str | None) -> IndexedSource:
    first = head.split("\n", 1)[0].rstrip("\r")
    if flickr_layout(first) is not None:
        names = [Path(name) for name in islice(dict.fromkeys(flickr_names(target)), _LOOKED_AT)]
        return FlickrCaptions(target, images=_images(target, images, names))
    sep = next((mark for mark in "\t,;|" if mark in first), "\t")
    header = next(read_table(target, sep), (1, []))[1]
    image = next((name for name in _IMAGE_COLUMNS if name in header), None)
    caption = next((name for name in _CAPTION_COLUMNS if name in header), None)
    if image is None or caption is None:
        reason = (
            f"the format is not known: its first line is {first[:60]!r}; formats are COCO, Karpathy and ALBEF JSON, "
            f"Flickr's files, tables with a header such as 'filepath<TAB>title', tar shards, and folders"
        )
        raise SourceError(reason, path=target)
    place = header.index(image)
    records = islice(read_table(target, sep), 1, _LOOKED_AT)
    names = [Path(fields[place]) for _, fields in records if len(fields) > place]
    return CsvCaptions(target, root=_images(target, images, names), image=image, caption=caption, sep=sep)


def _images(target: str, images: str | None, names: list[Path]) -> str:
    """The folder that ``names`` are relative to: the given one, or the first near ``target`` that holds one."""
    if images is not None:
        return images
    here = Path(target).absolute().parent
    near = chain([here], sorted(here.iterdir()), [here.parent], sorted(here.parent.iterdir()))
    for folder in near:
        if folder.is_dir() and any((folder / name).exists() for name in names):
            return str(folder)
    return str(here)
