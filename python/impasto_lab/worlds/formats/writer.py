"""The one writer of all worlds: COCO captions, Karpathy's splits and tar shards of the same samples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from impasto.jobs import ShardWriter
from impasto.progress import Progress
from impasto_lab.worlds.formats.layout import MARK, World, making
from impasto_lab.worlds.formats.sample import SPLITS, Sample


def write_world(
    out: str | Path,
    samples: Iterable[Sample],
    *,
    name: str,
    total: int,
    about: Mapping[str, Any] | None = None,
    shard_samples: int = 1000,
    progress: Progress | None = None,
) -> World:
    """Writes samples as a data set, in every format that the real ones come in.

    The folder appears when it is complete, and replaces a world that was there; any other folder is left alone. Images
    are numbered from 1 in the order they come: ``images/000000000001.jpg``. All bytes depend on the samples alone.

    - ``annotations/captions_{split}.json``: COCO captions.
    - ``annotations/facts_{split}.jsonl``: each image's facts, with its ``id``.
    - ``dataset_{name}.json``: Karpathy's splits.
    - ``shards/{split}-00000.tar``: WebDataset; members ``.jpg``, ``.txt`` (the first caption) and ``.json`` (as
      img2dataset's, with all ``captions`` and ``facts``).

    Args:
        out: The folder to make.
        samples: The samples, of all splits.
        name: The world's name.
        total: How many samples there will be, for the progress.
        about: What else to note in ``world.json``.
        shard_samples: Samples in one shard.
        progress: Called after every sample.

    Returns:
        The world on disk.

    Raises:
        SourceError: If the folder is there and holds something else, or can't be written.
    """
    with making(out) as partial:
        _write(partial, samples, name, total, dict(about or {}), shard_samples, progress)
    return World(Path(out))


def _write(
    root: Path,
    samples: Iterable[Sample],
    name: str,
    total: int,
    about: dict[str, Any],
    shard_samples: int,
    progress: Progress | None,
) -> None:
    for folder in ("images", "annotations", "shards"):
        (root / folder).mkdir()
    coco: dict[str, _Coco] = {split: _Coco(name, split) for split in SPLITS}
    karpathy: list[dict[str, Any]] = []
    sentences = 0
    with ExitStack() as stack:
        shards = {
            split: stack.enter_context(closing(ShardWriter(root / "shards", split, shard_samples))) for split in SPLITS
        }
        for number, sample in enumerate(samples, start=1):
            key = f"{number:012d}"
            (root / "images" / f"{key}.jpg").write_bytes(sample.image)
            shards[sample.split].write(key, _members(key, sample))
            coco[sample.split].add(number, f"{key}.jpg", sample, first_sentence=sentences)
            karpathy.append(_karpathy(number, f"{key}.jpg", sample, first_sentence=sentences))
            sentences += len(sample.captions)
            if progress:
                progress(number, total)
    for split in SPLITS:
        coco[split].save(root / "annotations")
    _save(root / f"dataset_{name}.json", {"images": karpathy, "dataset": name})
    images = {split: len(coco[split].images) for split in SPLITS}
    counts = {split: shards[split].count for split in SPLITS}
    _save(root / MARK, {"name": name, **about, "images": images, "captions": sentences, "shards": counts}, indent=2)


def _members(key: str, sample: Sample) -> dict[str, bytes]:
    record = {
        "key": key,
        "caption": sample.captions[0],
        "captions": list(sample.captions),
        "width": sample.width,
        "height": sample.height,
        "sha256": hashlib.sha256(sample.image).hexdigest(),
        "status": "success",
        **({"facts": dict(sample.facts)} if sample.facts else {}),
    }
    return {"jpg": sample.image, "txt": sample.captions[0].encode(), "json": _dump(record).encode()}


class _Coco:
    """The COCO captions file of one split, and its facts."""

    def __init__(self, name: str, split: str) -> None:
        self._name = name
        self._split = split
        self.images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._facts: list[str] = []

    def add(self, number: int, file: str, sample: Sample, *, first_sentence: int) -> None:
        self.images.append({"id": number, "file_name": file, "width": sample.width, "height": sample.height})
        for place, caption in enumerate(sample.captions, start=first_sentence + 1):
            self._annotations.append({"id": place, "image_id": number, "caption": caption})
        self._facts.append(_dump({"id": number, **sample.facts}))

    def save(self, folder: Path) -> None:
        info = {"description": f"impasto's {self._name}, {self._split}", "version": "1.0"}
        document = {"info": info, "licenses": [], "images": self.images, "annotations": self._annotations}
        _save(folder / f"captions_{self._split}.json", document)
        lines = "".join(line + "\n" for line in self._facts)
        (folder / f"facts_{self._split}.jsonl").write_text(lines, encoding="utf-8")


def _karpathy(number: int, file: str, sample: Sample, *, first_sentence: int) -> dict[str, Any]:
    ids = list(range(first_sentence, first_sentence + len(sample.captions)))
    return {
        "filename": file,
        "imgid": number - 1,
        "cocoid": number,
        "split": sample.split,
        "sentids": ids,
        "sentences": [
            {"raw": caption, "tokens": _words(caption), "imgid": number - 1, "sentid": sentence}
            for sentence, caption in zip(ids, sample.captions, strict=True)
        ],
    }


def _words(caption: str) -> list[str]:
    """Lower-case words without punctuation, as in Karpathy's files."""
    kept = "".join(character if character.isalnum() or character in "-'" else " " for character in caption.lower())
    return kept.split()


def _dump(document: Any, indent: int | None = None) -> str:
    return json.dumps(document, ensure_ascii=False, indent=indent)


def _save(path: Path, document: Any, indent: int | None = None) -> None:
    path.write_text(_dump(document, indent) + "\n", encoding="utf-8")
