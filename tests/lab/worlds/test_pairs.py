"""Every reader has a writer: what a world writes in a format, `impasto.sources` reads back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Literal, cast

import datasets
import numpy as np
import PIL.Image
import pytest

from impasto import ImpastoError, sources
from impasto_lab.worlds import Sample, World, write_world
from impasto_lab.worlds.formats.instances.instance import Instance
from impasto_lab.worlds.formats.writer import FORMATS


def _image(number: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", (96, 96), (20 * number, 90, 30)).save(file, "JPEG")
    return file.getvalue()


def _thing(number: int) -> Instance:
    mask = np.zeros((96, 96), np.bool_)
    mask[1 : 3 + number % 3, number : number + 3] = True
    mask[2, number + 3] = True
    return Instance(["fig", "mug"][number % 2], mask)


CAPTIONS = [
    ("a plate, \u00ab red \u00bb", 'the "other" plate'),
    ("a mug | or a cup",),
    ("a pear", "a fig", "two; or 3"),
]
SPLITS = ["train", "train", "train", "test", "test", "val"]
DOMAINS = {"train": "amazon", "val": "dslr", "test": "webcam"}
SAMPLES = [
    Sample(
        image=_image(number),
        width=96,
        height=96,
        captions=CAPTIONS[number % 3],
        split=split,
        facts={
            "class": ["fig", "mug"][number % 2],
            "domain": DOMAINS[split],
            "instances": [_thing(number).fact()],
            "questions": [
                {"question": one, "answers": ["yes"] * 10, "question_type": "is", "answer_type": "yes/no"}
                for one in CAPTIONS[number % 3]
            ],
            "hypotheses": [{"sentence": one, "label": "neutral"} for one in CAPTIONS[number % 3]],
            "statements": [
                {"sentence": one, "label": True, "set": number, "other": number + 1} for one in CAPTIONS[number % 3]
            ],
            "references": [{"sentences": CAPTIONS[number % 3], "bbox": [1.0, 2.0, 30.0, 40.0], "category": "fig"}],
        },
    )
    for number, split in enumerate(SPLITS)
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("pairs") / "world"
    return write_world(folder, SAMPLES, name="plates", total=len(SAMPLES), formats=tuple(FORMATS))


def _questions(world: World, split: str) -> Path:
    return world.root / f"annotations/v2_OpenEnded_mscoco_{split}2014_questions.json"


def _web(world: World, name: str) -> sources.Source:
    return sources.open(world.root / "web" / name, images=world.images)


READERS: dict[str, tuple[str, Callable[[World, str], sources.Source]]] = {
    "CocoCaptions": ("all", lambda w, split: sources.CocoCaptions(w.annotations(split), images=w.images)),
    "CocoInstances": (
        "bare",
        lambda w, part: sources.CocoInstances(w.root / f"annotations/instances_{part}.json", images=w.images),
    ),
    "PascalVoc": (
        "bare",
        lambda w, split: sources.PascalVoc(w.root / "voc", split=split, classes=["fig", "mug"]),
    ),
    "KarpathyCaptions": ("all", lambda w, split: sources.KarpathyCaptions(w.karpathy, images=w.images, split=split)),
    "WebDataset": ("first", lambda w, split: sources.WebDataset(w.shards(split))),
    "FlickrCaptions": (
        "all",
        lambda w, part: sources.FlickrCaptions(w.root / f"flickr/{part}.token", images=w.images),
    ),
    "FlickrCaptions, bars": (
        "all",
        lambda w, split: sources.FlickrCaptions(w.root / f"flickr/{split}.bars.csv", images=w.images),
    ),
    "FlickrCaptions, csv": (
        "all",
        lambda w, split: sources.FlickrCaptions(w.root / f"flickr/{split}.captions.txt", images=w.images),
    ),
    "AlbefCaptions": ("each", lambda w, split: sources.AlbefCaptions(w.root / f"albef/{split}.json", images=w.images)),
    "CsvCaptions": ("each", lambda w, split: sources.CsvCaptions(w.root / f"csv/{split}.tsv", images=w.images)),
    "ImageTextFolder": ("first", lambda w, split: sources.ImageTextFolder(w.root / "image_text" / split)),
    "ImageFolder": ("none", lambda w, split: sources.ImageFolder(w.root / "classes" / split)),
    "HuggingFace": (
        "all",
        lambda w, split: sources.HuggingFace(datasets.load_from_disk(str(w.root / "huggingface" / split))),
    ),
    "Parquet": ("all", lambda w, split: sources.Parquet(w.root / f"parquet/{split}-*.parquet")),
    "Arrow": ("all", lambda w, split: sources.Arrow(w.root / f"arrow/{split}.arrow")),
    "Arrow, of datasets": (
        "all",
        lambda w, split: sources.Arrow(w.root / f"huggingface/{split}/*.arrow"),
    ),
    "Lmdb": ("all", lambda w, split: sources.Lmdb(w.root / "lmdb" / split)),
    "VqaQuestions": ("each", lambda w, split: sources.open(_questions(w, split), images=w.images)),
    "SnliVe": ("each", lambda w, split: sources.open(w.root / f"annotations/snli_ve_{split}.jsonl")),
    "Nlvr2": (
        "each",
        lambda w, split: sources.open(w.root / f"nlvr2/{ {'train': 'train', 'test': 'test1'}[split] }.json"),
    ),
    "RefCoco": (
        "each",
        lambda w, split: sources.open(w.root / "refcoco+", images=w.images, split=split.replace("test", "testA+testB")),
    ),
    "RefCocoList": ("each", lambda w, split: sources.open(w.root / f"annotations/refcoco+_{split}.json")),
    "Stl10": ("pixels", lambda w, split: sources.Stl10(w.root / "stl10", cast("Literal['train', 'test']", split))),
    "Office31": ("none", lambda w, split: sources.Office31(w.root / "office31", DOMAINS[split])),
    "VisualGenome": (
        "all",
        lambda w, split: sources.VisualGenome(
            w.root / f"visual_genome/{split}/region_descriptions.json", images=w.root / "visual_genome" / split
        ),
    ),
    "WebCaptions, SBU": ("each", lambda w, split: _web(w, f"sbu_{split}.json")),
    "WebCaptions, SBU's lines": ("each", lambda w, split: _web(w, f"sbu_{split}_urls.txt")),
    "WebCaptions, Conceptual Captions": ("each", lambda w, split: _web(w, f"cc3m_{split}.tsv")),
    "WebCaptions, the 12M": ("each", lambda w, split: _web(w, f"cc12m_{split}.tsv")),
    "WebCaptions, LAION": ("each", lambda w, split: _web(w, f"laion_{split}.parquet")),
    "Sequence": (
        "all",
        lambda _, part: sources.Sequence([(s.image, s.captions) for s in SAMPLES if s.split == part]),
    ),
}


def _rows(source: sources.Source) -> list[tuple[bytes, tuple[str, ...]]]:
    index = source.index if isinstance(source, sources.IndexedSource) else source.gather(np.arange(len(source)))
    return [(bytes(index.image(row)), tuple(index.captions(row))) for row in range(len(source))]


def _pixels(image: bytes) -> bytes:
    return PIL.Image.open(io.BytesIO(image)).convert("RGB").tobytes()


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("name", READERS)
def test_what_is_written_is_read(world: World, name: str, split: str) -> None:
    kind, read = READERS[name]
    samples = [sample for sample in SAMPLES if sample.split == split]
    expected = [(sample.image, sample.captions) for sample in samples]
    if kind == "first":
        expected = [(image, captions[:1]) for image, captions in expected]
    elif kind == "bare":
        expected = [(image, ()) for image, _ in expected]
    elif kind == "none":
        by_class = sorted(samples, key=lambda sample: str(sample.facts["class"]))
        expected = [(sample.image, ()) for sample in by_class]
    elif kind == "each" and (name != "AlbefCaptions" or split == "train"):
        expected = [(image, (caption,)) for image, captions in expected for caption in captions]
    found = _rows(read(world, split))
    if kind == "pixels":
        assert [_pixels(image) for image, _ in found] == [_pixels(image) for image, _ in expected]
    else:
        assert found == expected


@pytest.mark.parametrize("name", ["CocoInstances", "PascalVoc"])
def test_boxes_masks_and_maps_are_what_was_written(world: World, name: str) -> None:
    """Both from the one thing that each image shows; COCO's box ends where VOC's last pixel does."""
    source = READERS[name][1](world, "test")
    assert source.classes == ["fig", "mug"]  # type: ignore[attr-defined]
    for row, number in enumerate(number for number, split in enumerate(SPLITS) if split == "test"):
        facts, mask = source.facts(row), _thing(number).mask
        rows, columns = np.nonzero(mask)
        np.testing.assert_array_equal(facts["boxes"], [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]])
        assert facts["categories"].tolist() == [number % 2]
        np.testing.assert_array_equal(facts["segmentation"].pixels(), mask * (1 + number % 2))
        things = facts["masks"].pixels()[0] if name == "CocoInstances" else facts["objects"].pixels() == 1
        np.testing.assert_array_equal(things, mask)


def test_every_reader_has_a_writer() -> None:
    kinds = {name: value for name, value in vars(sources).items() if isinstance(value, type)}
    classes = {name for name, kind in kinds.items() if kind.__module__.startswith("impasto.sources.formats.")}
    assert {name.partition(",")[0] for name in READERS} == classes
    assert len(classes) - 1 == len(FORMATS)  # a sequence lies in memory


def test_other_readers_read_them_too(world: World) -> None:
    """Python's csv and datasets' own loader, which know nothing of ours."""
    with (world.root / "csv" / "train.tsv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    assert [row["title"] for row in table] == [one for s in SAMPLES if s.split == "train" for one in s.captions]
    rows = datasets.load_from_disk(str(world.root / "huggingface" / "train"))
    assert [list(row["caption"]) for row in rows] == [list(s.captions) for s in SAMPLES if s.split == "train"]
    assert rows[0]["image"].size == (96, 96)


def test_a_class_is_asked_for(tmp_path: Path) -> None:
    nameless = Sample(image=_image(0), width=12, height=8, captions=("a",), split="train")
    with pytest.raises(ImpastoError, match="no fact 'class'"):
        write_world(tmp_path / "w", [nameless], name="plates", total=1, formats=("image_folder",))
    with pytest.raises(ImpastoError, match="use one of 'coco'"):
        write_world(tmp_path / "w", [nameless], name="plates", total=1, formats=("tfrecord",))
