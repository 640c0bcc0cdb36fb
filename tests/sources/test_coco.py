"""COCO captions: rows are images; what is wrong with a file says where."""

import pytest

from impasto.errors import CaptionError, SourceError
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
        ([*IMAGES, IMAGES[0]], [], "image id 9 occurs twice"),
        (IMAGES, [ANNOTATIONS[0], ANNOTATIONS[0]], "annotation id 31 occurs twice"),
        (IMAGES, [{"id": 1, "image_id": 5, "caption": "x"}], "names image id 5, which is not in 'images'"),
        (IMAGES, [{"id": 1, "image_id": [5], "caption": "x"}], r"names image id \[5\]"),
        (IMAGES, [ANNOTATIONS[0], {"id": 1, "caption": "x"}], r"annotations\[1\] lacks 'image_id' or 'caption'"),
        ([{"id": 1}], [], "image id 1 has no 'file_name'"),
        ([{"file_name": "a.jpg"}], [], r"images\[0\] has no 'id'"),
        ([], [], "the data set is empty"),
        (IMAGES, [{"id": 1, "image_id": 9, "bbox": [0, 0, 1, 1]}], "its annotations are boxes"),
    ],
)
def test_what_is_wrong_is_named(write_json, images, images_, annotations, says):
    with pytest.raises(SourceError, match=says) as caught:
        CocoCaptions(write_json({"images": images_, "annotations": annotations}), images=images)
    assert str(caught.value.path).endswith("annotations.json")


@pytest.mark.parametrize("caption", [None, 3, ["a"], {"a": 1}])
def test_a_caption_must_be_a_string(write_json, images, caption):
    annotations = [{"id": 1, "image_id": 9, "caption": caption}]
    with pytest.raises(CaptionError, match="not a string") as caught:
        CocoCaptions(write_json({"images": IMAGES, "annotations": annotations}), images=images)
    assert caught.value.key == "9"


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
