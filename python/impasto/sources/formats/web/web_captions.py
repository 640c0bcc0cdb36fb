"""Captions of images on the web, beside those images that could be downloaded: SBU, Conceptual Captions, LAION."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.web_list import WebList, is_url

#: How downloaded images are called, as scripts do.
NAMES = ("{name}", "{row}.jpg", "{row}", "{row:08d}.jpg", "{row:09d}.jpg")
_LOOKED_AT = 1000


class WebCaptions(IndexedSource):
    """Pairs of a URL and a caption, whose images lie in a folder, as far as they could be downloaded.

    The list is any that `WebList` reads: SBU's, Conceptual Captions', LAION's.

    One row is one pair, whether its image is there or not: `impasto.sources.present` leaves out those whose image is
    not. The row's key is its image's file, its fact ``row`` the number of the pair. What `impasto fetch` and
    img2dataset download into shards is a `WebDataset`, with ``caption="json:caption"``.

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
        for row, (url, caption, _, fault) in enumerate(WebList(path)):
            captions = as_captions(caption, path=path)
            if isinstance(url, str) and url and not fault:
                image = _name(pattern, row, url)
                builder.add_file(image, image, captions)
            else:
                reason = (
                    f"pair {row} can't be read: {fault}; mend it" if fault else f"pair {row} has no URL; give it one"
                )
                builder.add_fault(f"{row}", SourceError(reason, path=path), captions)
        index = builder.finish()
        if not len(index):
            raise SourceError("the data set is empty: the file lists no pairs; check the path", path=path)
        super().__init__(index, f"{path!r}, images={os.fspath(images)!r}, name={pattern!r}")

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        return {"row": row}


def image_names(file: str) -> list[Path]:
    """What the images of the first pairs of a list may be called."""
    first = list(islice(WebList(file), 20))
    return [Path(_name(one, row, url)) for row, (url, *_) in enumerate(first) if isinstance(url, str) for one in NAMES]


def is_web_list(first: str) -> bool:
    """Whether a line is Conceptual Captions': a caption and a URL, or the other way round."""
    fields = first.split("\t")
    return len(fields) == 2 and sum(map(is_url, fields)) == 1


def _guessed(path: str, root: str) -> str:
    there = dict.fromkeys(NAMES, 0)
    for row, (url, *_) in enumerate(islice(WebList(path), _LOOKED_AT)):
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
