"""Sources that hand over one batch at a time: sequences and Hugging Face's data sets."""

import pickle

import datasets
import numpy as np
import pytest
from PIL import Image

from impasto.errors import CaptionError, SourceError
from impasto.sources import HuggingFace, Sequence


def samples(index):
    return [(index.key(i), index.image(i), index.captions(i), index.label(i)) for i in range(len(index))]


@pytest.fixture
def path(tmp_path, jpeg):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg)
    return path


def test_sequence_gathers_in_the_order_asked_for(path, jpeg):
    source = Sequence([(b"zero", "a"), (path, ["b", "c"]), (bytearray(b"two"), []), (str(path), None)])
    assert len(source) == 4 and list(source.keys) == ["0", "1", "2", "3"]
    copy = pickle.loads(pickle.dumps(source))
    assert samples(copy.gather(np.array([2, 1, 1, 0]))) == [
        ("2", b"two", [], None),
        ("1", jpeg, ["b", "c"], None),
        ("1", jpeg, ["b", "c"], None),
        ("0", b"zero", ["a"], None),
    ]
    assert copy.gather([3]).path(0) == str(path)


@pytest.mark.parametrize(
    ("item", "error", "says"),
    [
        ((b"", 3), CaptionError, r"sample '0'.*3 \(int\), not a string"),
        ((None, "a"), SourceError, "the image is a NoneType"),
        (b"just an image", SourceError, r"make it a pair"),
        ((b"", "a", 3), SourceError, r"make it a pair"),
    ],
)
def test_items_that_are_no_pairs(item, error, says):
    with pytest.raises(error, match=says):
        Sequence([item]).gather([0])


def test_what_is_no_sequence():
    with pytest.raises(SourceError, match="no length"):
        Sequence(iter([]))
    with pytest.raises(SourceError, match="empty"):
        Sequence([])


def make(**columns):
    return datasets.Dataset.from_dict(columns)


def test_huggingface_images_are_not_decoded(path, jpeg):
    image = Image.new("RGB", (4, 4))
    features = datasets.Features(
        {"image": datasets.Image(), "caption": datasets.Value("string"), "extra": datasets.Value("int64")}
    )
    rows = {
        "image": [str(path), {"bytes": jpeg, "path": None}, image],
        "caption": ["a", "b", None],
        "extra": [5, 6, 7],
    }
    dataset = datasets.Dataset.from_dict(rows, features=features).with_format("torch")
    source = HuggingFace(dataset, label="extra")
    assert len(source) == 3 and source.keys[2] == "2"
    copy = pickle.loads(pickle.dumps(source))
    gathered = samples(copy.gather(np.array([1, 0])))
    assert gathered == [("1", jpeg, ["b"], 6), ("0", jpeg, ["a"], 5)]
    (last,) = samples(copy.gather([2]))
    assert last[1].startswith(b"\x89PNG") and last[2:] == ([], 7)


def test_huggingface_lists_of_captions_and_plain_columns(path, jpeg):
    source = HuggingFace(make(file=[str(path), str(path)], texts=[["a", "b"], []]), image="file", caption="texts")
    assert samples(source.gather([1, 0])) == [("1", jpeg, [], None), ("0", jpeg, ["a", "b"], None)]
    source = HuggingFace(make(image=[jpeg]), caption=None)
    assert samples(source.gather([0])) == [("0", jpeg, [], None)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (datasets.DatasetDict({"train": make(image=[b""]), "val": make(image=[b""])}), "pick one of 'train', 'val'"),
        (make(image=[b"1"]).to_iterable_dataset(), "streaming=False"),
        (make(image=[b"1"]), r"no column 'caption'.*\['image'\]"),
        (make(image=[], caption=[]), "empty"),
        ([(b"", "a")], "a list has no rows"),
    ],
)
def test_what_is_no_single_split(data, says):
    with pytest.raises(SourceError, match=says):
        HuggingFace(data)


def test_a_huggingface_caption_must_be_a_string():
    with pytest.raises(CaptionError, match="sample '1'"):
        HuggingFace(make(image=[b"1", b"2"], caption=[1, 2])).gather([1])
