"""COCO captions: rows are images; what is wrong with a file says where."""

import pickle

import pytest

from impasto.errors import SourceError
from impasto.sources import CocoCaptions

IMAGES = [{"id": 9, "file_name": "nine.jpg"}, {"id": 4, "file_name": "sub/four.jpg"}, {"id": 7, "file_name": "7.jpg"}]
ANNOTATIONS = [
    {"id": 31, "image_id": 4, "caption": "later"},
    {"id": 30, "image_id": 9, "caption": "Ein Hund läuft 🐕"},
    {"id": 5, "image_id": 4, "caption": "earlier"},
]


def test_rows_are_images_with_captions_in_order_of_annotation_id(write_json, images, rows_of):
    source = CocoCaptions(write_json({"images": IMAGES, "annotations": ANNOTATIONS}), images=images)
    assert rows_of(source, images) == [
        ("9", "nine.jpg", ["Ein Hund läuft 🐕"], None),
        ("4", "sub/four.jpg", ["earlier", "later"], None),
        ("7", "7.jpg", [], None),
    ]


@pytest.mark.parametrize(
    ("images_", "annotations", "says"),
    [
        ([], [], "the data set is empty"),
        (IMAGES, [{"id": 1, "image_id": 9, "bbox": [0, 0, 1, 1]}], "its annotations are boxes"),
    ],
)
def test_what_is_no_captions_file_is_named(write_json, images, images_, annotations, says):
    with pytest.raises(SourceError, match=says) as caught:
        CocoCaptions(write_json({"images": images_, "annotations": annotations}), images=images)
    assert str(caught.value.path).endswith("annotations.json")


def test_a_bad_image_is_a_bad_row(write_json, images, faults):
    bad = [{"id": 1}, {"file_name": "a.jpg"}, *IMAGES, IMAGES[0], "nine.jpg"]
    source = CocoCaptions(write_json({"images": bad, "annotations": ANNOTATIONS}), images=images)
    assert list(source.keys) == ["1", "images[1]", "9", "4", "7", "9", "images[6]"]
    assert faults(source) == {
        "1": "SourceError: image id 1 has no 'file_name'; give it one",
        "images[1]": "SourceError: images[1] has no 'id'; give each image one",
        "9": "SourceError: image id 9 occurs twice; give each image an id of its own",
        "images[6]": "SourceError: images[6] has no 'id'; give each image one",
    }
    assert source.index.fault(2) is None and source.index.captions(2) == ["Ein Hund läuft 🐕"]
    assert source.index.fault(5) is not None and source.index.captions(5) == []


@pytest.mark.parametrize("caption", [None, 3, ["a"], {"a": 1}, float("nan")])
def test_a_bad_caption_is_a_bad_row(write_json, images, faults, caption):
    annotations = [{"id": 2, "image_id": 9, "caption": "good"}, {"id": 1, "image_id": 9, "caption": caption}]
    source = CocoCaptions(write_json({"images": IMAGES, "annotations": annotations}), images=images)
    assert faults(source).keys() == {"9"} and "not a string" in faults(source)["9"]
    assert source.facts(0)["captions"] == ["good"]


def test_a_bad_annotation_is_a_bad_caption_or_none_of_the_data(write_json, images, faults):
    strangers = [{"id": 1, "image_id": 5, "caption": "x"}, {"id": 2, "image_id": [5], "caption": "x"}, {"id": 3}, None]
    annotations = [*strangers, *ANNOTATIONS, ANNOTATIONS[0], {"id": 4, "image_id": 9}]
    source = CocoCaptions(write_json({"images": IMAGES, "annotations": annotations}), images=images)
    assert "annotation id 31 occurs twice" in faults(source)["4"]
    assert "annotation id 4 has no 'caption'" in faults(source)["9"]
    assert source.left_out == {"annotations of unknown images": 4}
    assert repr(source).endswith("3 rows; left out: 4 annotations of unknown images)")


def test_facts_are_the_image_and_its_annotations(write_json, images):
    boxes = [{**one, "bbox": [0, 1, 2, 3.5], "segmentation": [[0, 0, 1, 1]]} for one in ANNOTATIONS]
    document = {"info": {"images": []}, "images": IMAGES, "annotations": boxes, "categories": [{"id": 1}]}
    source = pickle.loads(pickle.dumps(CocoCaptions(write_json(document), images=images)))
    assert source.facts(1) == {**IMAGES[1], "annotations": [boxes[2], boxes[0]], "captions": ["earlier", "later"]}
    assert source.facts(2) == {**IMAGES[2], "annotations": [], "captions": []}
    with pytest.raises(IndexError):
        source.facts(3)


def test_facts_of_a_file_that_changed_are_refused(write_json, images):
    source = CocoCaptions(write_json({"images": IMAGES, "annotations": ANNOTATIONS}), images=images)
    write_json({"images": IMAGES[::-1], "annotations": []})
    with pytest.raises(SourceError, match="changed after it was read"):
        source.facts(0)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"images": [{"filename": "a.jpg", "split": "train", "sentences": []}]}, "a Karpathy file: use KarpathyCap"),
        ([{"image": "a.jpg", "caption": "a"}], "an ALBEF file: use AlbefCaptions"),
        ({"info": 1}, "an object with 'info'"),
        ([[1]], "a list whose first entry has list"),
        (3, "a single int"),
    ],
)
def test_another_format_is_named(write_json, images, document, says):
    with pytest.raises(SourceError, match=says):
        CocoCaptions(write_json(document), images=images)


def test_the_images_folder_must_exist(write_json, tmp_path):
    path = write_json({"images": IMAGES, "annotations": []})
    with pytest.raises(SourceError, match="the images folder does not exist"):
        CocoCaptions(path, images=tmp_path / "absent")
    with pytest.raises(SourceError, match="the images folder is not a folder"):
        CocoCaptions(path, images=path)
