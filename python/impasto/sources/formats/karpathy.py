"""Karpathy's splits: ``dataset_coco.json``, ``dataset_flickr30k.json``, ``dataset_flickr8k.json``."""

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import as_captions
from impasto.sources.reading.files import StrPath, read_json, require_folder
from impasto.sources.reading.json_kind import KARPATHY, require_kind


class KarpathyCaptions(IndexedSource):
    """Images and captions of one of Karpathy's split files (Karpathy and Fei-Fei 2015).

    One row is one image of the wanted splits, in the order of the file, with its sentences (``raw``). The row's key
    is its COCO id (``cocoid``) where the file has one, else its file name.

    Args:
        json: The file: ``{"images": [{"filename", "split", "sentences": [{"raw"}], ...}]}``.
        images: The folder that holds the images, or for COCO the folder that holds ``train2014`` and ``val2014``
            (each image's ``filepath``).
        split: ``"train"``, ``"val"``, ``"test"`` or ``"restval"``, several of them joined by ``"+"``, or a sequence
            of them. Papers on COCO train on ``"train+restval"``.

    Raises:
        SourceError: The file is missing, malformed, of another format or has no image of these splits; a key occurs
            twice; there is no such folder.
        CaptionError: A sentence is not a string.
        RecipeError: ``split`` names no split.
    """

    def __init__(self, json: StrPath, *, images: StrPath, split: str | Sequence[str] = "train") -> None:
        wanted = _splits(split)
        root = require_folder(images)
        path = os.fspath(json)
        document = read_json(path)
        require_kind(document, KARPATHY, path)
        builder = IndexBuilder(root)
        found: Counter[str] = Counter()
        seen: set[str] = set()
        for place, image in enumerate(document["images"]):
            found[_field(image, "split", place, path)] += 1
            if image["split"] not in wanted:
                continue
            name = _field(image, "filename", place, path)
            key = str(image.get("cocoid", name))
            if key in seen:
                raise SourceError(f"image {key} occurs twice; remove one", key=key, path=path)
            seen.add(key)
            captions = as_captions(_sentences(image, key, path), key=key, path=path)
            builder.add_file(key, _path(image, name), captions)
        _check_found(wanted, found, path)
        super().__init__(builder.finish(), f"{path!r}, images={os.fspath(images)!r}, split={'+'.join(wanted)!r}")


def _splits(split: str | Sequence[str]) -> tuple[str, ...]:
    splits = tuple(part.strip() for part in split.split("+")) if isinstance(split, str) else tuple(split)
    if not splits or not all(isinstance(part, str) and part for part in splits):
        raise RecipeError(f"split={split!r} names no split; say 'train', 'val', 'test' or 'train+restval'")
    return splits


def _field(image: Any, field: str, place: int, path: str) -> str:
    value = image.get(field) if isinstance(image, dict) else None
    if not isinstance(value, str) or not value:
        raise SourceError(f"images[{place}] has no {field!r}; give it one", path=path)
    return value


def _path(image: dict[str, Any], name: str) -> str:
    folder = image.get("filepath")
    return f"{folder}/{name}" if folder else name


def _sentences(image: dict[str, Any], key: str, path: str) -> list[Any]:
    sentences = image.get("sentences")
    if not isinstance(sentences, list) or not all(isinstance(one, dict) and "raw" in one for one in sentences):
        raise SourceError("its 'sentences' are not a list of {'raw': ...}; repair them", key=key, path=path)
    return [sentence["raw"] for sentence in sentences]


def _check_found(wanted: Sequence[str], found: Counter[str], path: str) -> None:
    absent = [split for split in wanted if not found[split]]
    if absent:
        present = ", ".join(f"{name} ({count} images)" for name, count in found.items() if count)
        raise SourceError(f"no image is of split {absent[0]!r}; the file has {present}", path=path)
