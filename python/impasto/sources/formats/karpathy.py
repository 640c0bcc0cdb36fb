"""Karpathy's splits: ``dataset_coco.json``, ``dataset_flickr30k.json``, ``dataset_flickr8k.json``."""

import os
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from impasto import checks
from impasto._core import IndexBuilder
from impasto.errors import CaptionError, RecipeError, SourceError
from impasto.sources.base import IndexedSource
from impasto.sources.reading.captions import Caption, as_captions
from impasto.sources.reading.files import StrPath, require_folder
from impasto.sources.reading.json_files import entry, read_entries
from impasto.sources.reading.json_kind import KARPATHY, require_kind


class KarpathyCaptions(IndexedSource):
    """Images and captions of one of Karpathy's split files (Karpathy and Fei-Fei 2015).

    One row is one image of the wanted splits, in the order of the file, with its sentences (``raw``). The row's key
    is its COCO id (``cocoid``) where the file has one, else its file name. Images without a split are left out. A row's
    facts are its whole entry.

    Args:
        json: The file: ``{"images": [{"filename", "split", "sentences": [{"raw"}], ...}]}``.
        images: The folder that holds the images, or for COCO the folder that holds ``train2014`` and ``val2014``
            (each image's ``filepath``).
        split: ``"train"``, ``"val"``, ``"test"`` or ``"restval"``, several of them joined by ``"+"``, or a sequence
            of them. Papers on COCO train on ``"train+restval"``.

    Raises:
        SourceError: The file is missing, malformed, of another format or has no image of these splits; there is no
            such folder.
        RecipeError: ``split`` names no split.
    """

    def __init__(self, json: StrPath, *, images: StrPath, split: str | Sequence[str] = "train") -> None:
        wanted = _splits(split)
        root = require_folder(images)
        path = checks.path("json", json)
        document, kept = read_entries(path)
        require_kind(document, KARPATHY, path)
        builder = IndexBuilder(root)
        found: Counter[str] = Counter()
        seen: set[str] = set()
        self._kept, self._places = kept["images"], array("q")
        for place, image in enumerate(document["images"]):
            split_of = image.get("split") if isinstance(image, dict) else None
            found[split_of if isinstance(split_of, str) else ""] += 1
            if split_of in wanted:
                _add(builder, place, image, seen, path)
                self._places.append(place)
        left_out = {"images without a split": found.pop("", 0)}
        _check_found(wanted, found, path)
        described = f"{path!r}, images={os.fspath(images)!r}, split={'+'.join(wanted)!r}"
        super().__init__(builder.finish(), described, left_out)

    def _own_facts(self, row: int) -> Mapping[str, Any]:
        facts: dict[str, Any] = entry(self._kept, self._places[row])
        return facts


def _splits(split: str | Sequence[str]) -> tuple[str, ...]:
    splits = (
        tuple(part.strip() for part in split.split("+"))
        if isinstance(split, str)
        else tuple(checks.texts("split", split))
    )
    if not splits or not all(splits):
        raise RecipeError(f"split={split!r} names no split; say 'train', 'val', 'test' or 'train+restval'")
    return splits


def _add(builder: IndexBuilder, place: int, image: dict[str, Any], seen: set[str], path: str) -> None:
    name = image.get("filename")
    captions = _captions(image, path)
    if not isinstance(name, str) or not name:
        error = SourceError(f"images[{place}] has no 'filename'; give it one", path=path)
        builder.add_fault(f"images[{place}]", error, captions)
        return
    key = str(image.get("cocoid", name))
    if key in seen:
        builder.add_fault(key, SourceError(f"image {key} occurs twice; remove one", path=path), captions)
        return
    seen.add(key)
    folder = folder_of(image)
    if folder is None:
        error = SourceError(f"images[{place}] has a 'filepath' that is no text; repair it", path=path)
        builder.add_fault(key, error, captions)
        return
    builder.add_file(key, f"{folder}/{name}" if folder else name, captions)


def folder_of(image: dict[str, Any]) -> str | None:
    """The folder of an entry's image below that of all images; None where it is no text."""
    folder = image.get("filepath") or ""
    return folder if isinstance(folder, str) else None


def _captions(image: dict[str, Any], path: str) -> list[Caption]:
    sentences = image.get("sentences")
    if not isinstance(sentences, list) or not all(isinstance(one, dict) and "raw" in one for one in sentences):
        return [CaptionError("its 'sentences' are not a list of {'raw': ...}; repair them", path=path)]
    return as_captions([sentence["raw"] for sentence in sentences], path=path)


def _check_found(wanted: Sequence[str], found: Counter[str], path: str) -> None:
    absent = [split for split in wanted if not found[split]]
    if absent:
        present = ", ".join(f"{name} ({count} images)" for name, count in found.items() if count)
        raise SourceError(f"no image is of split {absent[0]!r}; the file has {present}", path=path)
