"""ALBEF's annotation files: entries are rows, in the order of the files."""

import json

import pytest

from impasto.errors import CaptionError, SourceError
from impasto.sources import AlbefCaptions

TRAIN = [
    {"image": "a.jpg", "caption": "one", "image_id": "coco_17"},
    {"image": "b.jpg", "caption": "two", "image_id": "coco_3"},
    {"image": "a.jpg", "caption": "three", "image_id": "coco_17"},
]


def test_entries_are_rows_and_image_ids_are_numbered(write_json, images, rows_of):
    source = AlbefCaptions(write_json(TRAIN), root=images)
    assert rows_of(source, images) == [
        ("a.jpg", "a.jpg", ["one"], 0),
        ("b.jpg", "b.jpg", ["two"], 1),
        ("a.jpg", "a.jpg", ["three"], 0),
    ]


def test_several_files_follow_one_another(tmp_path, rows_of):
    first, second = tmp_path / "cc.json", tmp_path / "vg.json"
    first.write_text(json.dumps(TRAIN[:1]))
    second.write_text(json.dumps([{"image": str(tmp_path / "v.jpg"), "caption": ["x", "y"]}]))
    source = AlbefCaptions([first, second], root=tmp_path)
    assert rows_of(source, tmp_path) == [
        ("a.jpg", "a.jpg", ["one"], None),
        (str(tmp_path / "v.jpg"), "v.jpg", ["x", "y"], None),
    ]


@pytest.mark.parametrize(
    ("entries", "error", "says"),
    [
        ([*TRAIN, {"caption": "x"}], SourceError, "entry 3 has no 'image' path"),
        ([*TRAIN, {"image": "c.jpg", "caption": ["x", None]}], CaptionError, r"sample 'c.jpg'.*None \(NoneType\)"),
        ([], SourceError, "the data set is empty"),
        ({"images": [], "annotations": []}, SourceError, "the data set is empty"),
        ({"images": [{"id": 1}], "annotations": []}, SourceError, "COCO captions file: use CocoCaptions"),
    ],
)
def test_what_is_wrong_is_named(write_json, entries, error, says):
    with pytest.raises(error, match=says):
        AlbefCaptions(write_json(entries))


def test_an_entry_without_caption_stays(write_json):
    source = AlbefCaptions(write_json([*TRAIN, {"image": "c.jpg"}]))
    assert source.index.captions(3) == []
