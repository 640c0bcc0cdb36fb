"""Captions of images on the web, beside those images that could be downloaded: SBU, Conceptual Captions, LAION."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.extras import need
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_head, read_text, require_folder
from impasto.sources.reading.json_files import read_json
from impasto.sources.reading.json_kind import WEB, require_kind
from impasto.sources.reading.tables import Table

#: How downloaded images are called, as scripts do.
NAMES = ("{name}", "{row}.jpg", "{row}", "{row:08d}.jpg", "{row:09d}.jpg")
_LOOKED_AT = 1000
_COLUMNS = {"url": ("URL", "url", "image_url"), "caption": ("TEXT", "text", "caption", "top_caption")}

#: A URL and its caption; either may be nothing that can be used.
_Pair = tuple[Any, Any]


class WebCaptions(IndexedSource):
    """Pairs of a URL and a caption, whose images lie in a folder, as far as they could be downloaded.

    - SBU (Ordonez et al. 2011): ``sbu-captions-all.json`` (``{"image_urls", "captions"}``), or
      ``SBU_captioned_photo_dataset_urls.txt`` with ``..._captions.txt`` beside it.
    - Conceptual Captions (Sharma et al. 2018, Changpinyo et al. 2021): tab-separated lines, caption and URL (3M) or URL
      and caption (12M).
    - LAION's lists (Schuhmann et al. 2021): Parquet with ``URL`` and ``TEXT``.

    One row is one pair, whether its image is there or not: `impasto.sources.present` leaves out those whose image is
    not. The row's key is its image's file, its fact ``row`` the number of the pair. What img2dataset downloads into
    shards is a `WebDataset`, with ``caption="json:caption"``.

    Args:
        file: The list.
        images: The folder of the images.
        name: How an image's file is called there, of ``row``, the pair's number from 0, and ``name``, what the URL ends
            with: ``"{name}"``, ``"{row:09d}.jpg"``. By default what most files of the first thousand pairs have.

    Raises:
        SourceError: The file is missing, of another format or empty; there is no such folder; no image is there by any
            usual name.
        RecipeError: ``name`` is no such pattern.
        MissingExtraError: It is Parquet and pyarrow is not installed.
    """

    def __init__(self, file: StrPath, *, images: StrPath, name: str | None = None) -> None:
        root, path = require_folder(images), checks.path("file", file)
        if name is not None:
            checks.instance("name", name, str)
        pattern = _guessed(path, root) if name is None else name
        builder = IndexBuilder(root)
        for row, (url, caption) in enumerate(_pairs(path)):
            captions = as_captions(caption, path=path)
            if isinstance(url, str) and url:
                image = _name(pattern, row, url)
                builder.add_file(image, image, captions)
            else:
                builder.add_fault(f"{row}", SourceError(f"pair {row} has no URL; give it one", path=path), captions)
        index = builder.finish()
        if not len(index):
            raise SourceError("the data set is empty: the file lists no pairs; check the path", path=path)
        super().__init__(index, f"{path!r}, images={os.fspath(images)!r}, name={pattern!r}")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        return {"row": row}


def image_names(file: str) -> list[Path]:
    """What the images of the first pairs of a list may be called."""
    first = list(islice(_pairs(file), 20))
    return [Path(_name(one, row, url)) for row, (url, _) in enumerate(first) if isinstance(url, str) for one in NAMES]


def is_web_list(first: str) -> bool:
    """Whether a line is Conceptual Captions': a caption and a URL, or the other way round."""
    fields = first.split("\t")
    return len(fields) == 2 and sum(map(_is_url, fields)) == 1


def _guessed(path: str, root: str) -> str:
    there = dict.fromkeys(NAMES, 0)
    for row, (url, _) in enumerate(islice(_pairs(path), _LOOKED_AT)):
        for pattern in NAMES if isinstance(url, str) else ():
            there[pattern] += Path(root, _name(pattern, row, url)).is_file()
    best = max(there, key=lambda pattern: there[pattern])
    if not there[best]:
        tried = ", ".join(NAMES)
        reason = f"none of its first images is in {root} as any of {tried}; say how files are called with name="
        raise SourceError(reason, path=path)
    return best


def _name(pattern: str, row: int, url: str) -> str:
    try:
        return pattern.format(row=row, name=urlsplit(url).path.rpartition("/")[2])
    except (KeyError, IndexError, ValueError) as error:
        reason = f"name={pattern!r} must be a pattern of {{row}} and {{name}}, such as '{{row:09d}}.jpg'"
        raise RecipeError(f"{reason} ({error!r}, at {url!r})") from error


def _pairs(path: str) -> Iterable[_Pair]:
    """The pairs of any of the lists."""
    head = read_head(path, 64)
    if head[:4] == b"PAR1":
        return _of_parquet(path)
    if head.lstrip()[:1] == b"{":
        document = read_json(path)
        require_kind(document, WEB, path)
        urls, captions = document["image_urls"], document["captions"]
        if len(urls) != len(captions):
            raise SourceError(
                f"there are {len(urls)} URLs and {len(captions)} captions; fetch the file anew", path=path
            )
        return zip(urls, captions, strict=True)
    if path.endswith("_urls.txt"):
        beside = path.removesuffix("_urls.txt") + "_captions.txt"
        urls, captions = (read_text(one).rstrip("\n").split("\n") for one in (path, beside))
        if len(urls) != len(captions):
            raise SourceError(f"it has {len(urls)} lines and {beside} {len(captions)}; fetch them anew", path=path)
        return zip(urls, captions, strict=True)
    return _of_table(path)


def _of_table(path: str) -> Iterator[_Pair]:
    place: int | None = None
    for record in Table(path, "\t", quoting="none"):
        fields = record.fields
        if place is None:
            place = next((at for at, field in enumerate(fields[:2]) if _is_url(field)), None)
            if place is None and record.first == 1:
                continue  # a header, as some give it
            if place is None:
                reason = f"line {record.first} is no caption and URL with a tab between; impasto reads such lists"
                raise SourceError(reason, path=path)
        yield (fields[place], fields[1 - place]) if len(fields) == 2 else (None, None)


def _of_parquet(path: str) -> Iterator[_Pair]:
    parquet: Any = need("pyarrow.parquet", "arrow")
    try:
        file = parquet.ParquetFile(path)
        there = file.schema_arrow.names
        wanted = {kind: next((name for name in names if name in there), None) for kind, names in _COLUMNS.items()}
        if None in wanted.values():
            raise SourceError(
                f"it has no columns of URLs and captions such as URL and TEXT (there are {there})", path=path
            )
        for batch in file.iter_batches(columns=list(wanted.values())):
            yield from zip(*(batch.column(name).to_pylist() for name in wanted.values()), strict=True)
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"the Parquet file can't be read: {error}", path=path) from error


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))
