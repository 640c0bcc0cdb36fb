"""ALBEF's annotation files: entries are rows, in the order of the files."""

import json
import pickle

import pytest

from impasto.errors import SourceError
from impasto.sources import AlbefCaptions

TRAIN = [
    {"image": "a.jpg", "caption": "one", "image_id": "coco_17"},
    {"image": "b.jpg", "caption": "two", "image_id": "coco_3"},
    {"image": "a.jpg", "caption": "three", "image_id": "coco_17"},
]


def test_entries_are_rows_and_image_ids_are_numbered(write_json, images, rows_of):
    source = AlbefCaptions(write_json(TRAIN), images=images)
    assert rows_of(source, images) == [
        ("a.jpg", "a.jpg", ["one"], 0),
        ("b.jpg", "b.jpg", ["two"], 1),
        ("a.jpg", "a.jpg", ["three"], 0),
    ]


def test_several_files_follow_one_another(tmp_path, rows_of):
    first, second = tmp_path / "cc.json", tmp_path / "vg.json"
    first.write_text(json.dumps(TRAIN[:1]))
    second.write_text(json.dumps([{"image": str(tmp_path / "v.jpg"), "caption": ["x", "y"]}]))
    source = AlbefCaptions([first, second], images=tmp_path)
    assert rows_of(source, tmp_path) == [
        ("a.jpg", "a.jpg", ["one"], None),
        (str(tmp_path / "v.jpg"), "v.jpg", ["x", "y"], None),
    ]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([], "the data set is empty"),
        ({"images": [], "annotations": []}, "the data set is empty"),
        ({"images": [{"id": 1}], "annotations": []}, "COCO captions file: use CocoCaptions"),
    ],
)
def test_another_document_is_named(write_json, entries, says):
    with pytest.raises(SourceError, match=says):
        AlbefCaptions(write_json(entries))


def test_a_bad_entry_is_a_bad_row(write_json, faults):
    entries = [{"caption": "x"}, *TRAIN, {"image": "c.jpg", "caption": ["x", None]}, 7]
    source = AlbefCaptions(write_json([{"image": "n.jpg", "caption": float("nan")}, *entries]))
    assert faults(source) == {
        "n.jpg": "CaptionError: a caption is nan (float), not a string; make it one, or remove it",
        "entry 1": "SourceError: entry 1 has no 'image' path; give it one, or remove it",
        "c.jpg": "CaptionError: a caption is None (NoneType), not a string; make it one, or remove it",
        "entry 6": "SourceError: entry 6 has no 'image' path; give it one, or remove it",
    }
    assert source.index.caption(5, 0) == "x"


def test_facts_are_the_whole_entry_of_each_file(tmp_path):
    vqa = {"image": "ü.jpg", "caption": "é", "question": "Où?", "answer": ["là", "ici"], "weight": [0.7, 0.3]}
    (tmp_path / "a.json").write_text(json.dumps(TRAIN[:2], ensure_ascii=False), encoding="utf-8-sig")
    (tmp_path / "b.json").write_text(json.dumps([vqa, vqa | {"image": 3}], ensure_ascii=False), encoding="utf-8")
    source = pickle.loads(pickle.dumps(AlbefCaptions([tmp_path / "a.json", tmp_path / "b.json"])))
    assert source.facts(1) == {**TRAIN[1], "captions": ["two"]}
    assert source.facts(2) == {**vqa, "captions": ["é"]}
    assert source.facts(-1) == {**vqa, "image": 3, "captions": ["é"]}


def test_an_entry_without_caption_stays(write_json):
    source = AlbefCaptions(write_json([*TRAIN, {"image": "c.jpg"}]))
    assert source.index.captions(3) == []
