"""Karpathy's splits, of COCO and of Flickr."""

import pytest

from impasto.errors import CaptionError, RecipeError, SourceError
from impasto.sources import KarpathyCaptions


def image(name, split, *sentences, **more):
    return {"filename": name, "split": split, "sentences": [{"raw": text, "tokens": []} for text in sentences], **more}


COCO = [
    image("COCO_val2014_01.jpg", "test", "one", "two", filepath="val2014", cocoid=1),
    image("COCO_train2014_02.jpg", "train", "three", filepath="train2014", cocoid=2),
    image("COCO_val2014_03.jpg", "restval", "four", filepath="val2014", cocoid=3),
    image("COCO_val2014_04.jpg", "val", filepath="val2014", cocoid=4),
]


@pytest.mark.parametrize(
    ("split", "keys"),
    [("train", "2"), ("train+restval", "23"), (("restval", "train"), "23"), ("test", "1"), ("val", "4")],
)
def test_splits(write_json, images, split, keys):
    source = KarpathyCaptions(write_json({"images": COCO, "dataset": "coco"}), images=images, split=split)
    assert list(source.keys) == list(keys)


def test_coco_paths_have_their_folder_and_flickr_paths_none(write_json, images, rows_of):
    source = KarpathyCaptions(write_json({"images": COCO}), images=images, split="test")
    assert rows_of(source, images) == [("1", "val2014/COCO_val2014_01.jpg", ["one", "two"], None)]
    source = KarpathyCaptions(write_json({"images": [image("12.jpg", "train", "a")]}), images=images)
    assert rows_of(source, images) == [("12.jpg", "12.jpg", ["a"], None)]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([COCO[0]], r"no image is of split 'train'; the file has test \(1 images\)"),
        ([], "the data set is empty"),
    ],
)
def test_what_is_wrong_is_named(write_json, images, entries, says):
    with pytest.raises(SourceError, match=says):
        KarpathyCaptions(write_json({"images": entries}), images=images)


@pytest.mark.parametrize("split", ["", "train+", ()])
def test_a_split_must_be_named(write_json, images, split):
    with pytest.raises(RecipeError, match="names no split"):
        KarpathyCaptions(write_json({"images": COCO}), images=images, split=split)


def test_a_bad_image_is_a_bad_row(write_json, images, faults):
    bad = [
        {**COCO[1], "sentences": ["three"]},
        COCO[1],
        {"split": "train", "sentences": []},
        {**COCO[0], "split": None},
    ]
    silent = {**COCO[1], "cocoid": 7, "sentences": [{"raw": None}, {"raw": "good"}]}
    astray = {**COCO[1], "cocoid": 8, "filepath": 5}
    source = KarpathyCaptions(write_json({"images": [*bad, silent, 5, astray]}), images=images)
    assert list(source.keys) == ["2", "2", "images[2]", "7", "8"]
    assert "images[6] has a 'filepath' that is no text" in faults(source)["8"]
    assert "twice" in faults(source)["2"] and "not a string" in faults(source)["7"]
    assert faults(source)["images[2]"] == "SourceError: images[2] has no 'filename'; give it one"
    with pytest.raises(CaptionError, match="'sentences' are not a list"):
        source.index.captions(0)
    assert source.left_out == {"images without a split": 2}


def test_facts_are_the_whole_entry(write_json, images):
    source = KarpathyCaptions(write_json({"images": COCO, "dataset": "coco"}), images=images, split="test+val")
    assert source.facts(0) == {**COCO[0], "captions": ["one", "two"]}
    assert source.facts(1) == {**COCO[3], "captions": []}
