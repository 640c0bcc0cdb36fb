"""The one writer of all worlds: the same samples in every format that is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from impasto.checks import choice
from impasto.progress import Progress
from impasto_lab.worlds.formats.layout import MARK, World, making
from impasto_lab.worlds.formats.sample import SPLITS, Sample
from impasto_lab.worlds.formats.text import save
from impasto_lab.worlds.formats.webdataset import WebDatasetWriter

#: Every format, with the file and class of its writer: one for each reader in `impasto.sources`.
FORMATS: dict[str, tuple[str, str]] = {
    "coco": ("coco", "CocoWriter"),
    "karpathy": ("karpathy", "KarpathyWriter"),
    "webdataset": ("webdataset", "WebDatasetWriter"),
    "flickr": ("flickr", "FlickrWriter"),
    "albef": ("albef", "AlbefWriter"),
    "csv": ("csv_captions", "CsvWriter"),
    "image_text_folder": ("image_text_folder", "ImageTextFolderWriter"),
    "image_folder": ("image_folder", "ImageFolderWriter"),
    "huggingface": ("databases.huggingface", "HuggingFaceWriter"),
    "parquet": ("databases.parquet", "ParquetWriter"),
    "arrow": ("databases.arrow", "ArrowWriter"),
    "lmdb": ("databases.lmdb", "LmdbWriter"),
    "coco_instances": ("instances.coco_instances", "CocoInstancesWriter"),
    "visual_genome": ("web.visual_genome", "VisualGenomeWriter"),
    "web": ("web.web_captions", "WebCaptionsWriter"),
    "pascal_voc": ("instances.pascal_voc", "PascalVocWriter"),
    "vqa": ("language.vqa", "VqaWriter"),
    "snli_ve": ("language.snli_ve", "SnliVeWriter"),
    "nlvr2": ("language.nlvr2", "Nlvr2Writer"),
    "refcoco": ("language.refcoco", "RefCocoWriter"),
    "refcoco_list": ("language.refcoco_list", "RefCocoListWriter"),
    "stl10": ("stl10", "Stl10Writer"),
    "office31": ("office31", "Office31Writer"),
}
#: What every world has.
ALWAYS = ("coco", "karpathy", "webdataset")


class Writer(Protocol):
    """Writes one format, below a world's folder."""

    def add(self, number: int, file: str, sample: Sample) -> None:
        """Takes a sample; its image is ``images/{file}``."""
        ...

    def close(self) -> None:
        """Writes what is not written yet."""
        ...


def write_world(
    out: str | Path,
    samples: Iterable[Sample],
    *,
    name: str,
    total: int,
    about: Mapping[str, Any] | None = None,
    shard_samples: int = 1000,
    formats: Sequence[str] = (),
    progress: Progress | None = None,
) -> World:
    """Writes samples as a data set, in formats that the real ones come in.

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
        formats: Names in `FORMATS` of what is written besides; each writer says where its files lie.
        progress: Called after every sample.

    Returns:
        The world on disk.

    Raises:
        SourceError: If the folder is there and holds something else, or can't be written.
        RecipeError: If a format is not known, or can't hold the samples.
    """
    for one in formats:
        choice("formats", one, FORMATS)
    with making(out) as root:
        (root / "images").mkdir()
        shards = WebDatasetWriter(root, name, shard_samples)
        others = dict.fromkeys([*ALWAYS, *formats])
        writers: list[Writer] = [_open(one, root, name) for one in others if one != "webdataset"]
        writers.append(shards)
        images, captions = dict.fromkeys(SPLITS, 0), 0
        try:
            for number, sample in enumerate(samples, start=1):
                file = f"{number:012d}.jpg"
                (root / "images" / file).write_bytes(sample.image)
                for writer in writers:
                    writer.add(number, file, sample)
                images[sample.split] += 1
                captions += len(sample.captions)
                if progress:
                    progress(number, total)
        finally:
            for writer in writers:
                writer.close()
        counts = {"images": images, "captions": captions, "shards": shards.counts}
        save(root / MARK, {"name": name, **(about or {}), **counts}, indent=2)
    return World(Path(out))


def _open(name: str, root: Path, world: str) -> Writer:
    module, kind = FORMATS[name]
    writer: Writer = getattr(importlib.import_module(f"impasto_lab.worlds.formats.{module}"), kind)(root, world)
    return writer
