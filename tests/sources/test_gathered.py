"""Sources that hand over one batch at a time: sequences and Hugging Face's data sets."""

import pickle
import re

import datasets
import numpy as np
import pytest
from PIL import Image

from impasto import ImageRecipe, Loader, Recipe
from impasto.errors import SourceError, TruncatedImageError
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
    ("item", "says"),
    [
        ((b"", 3), r"CaptionError: a caption is 3 \(int\), not a string"),
        ((None, "a"), "SourceError: the image is a NoneType"),
        (b"just an image", "SourceError: the item is a bytes; make it a pair"),
        ((b"", "a", 3), "SourceError: the item is a tuple; make it a pair"),
    ],
)
def test_an_item_that_is_no_pair_is_a_bad_row(faults, item, says):
    source = Sequence([(b"", "a"), item])
    assert faults(source).keys() == {"1"}
    assert re.match(says, faults(source)["1"])


class Lazy:
    """Rows that are made when they are asked for; some of them fail."""

    def __init__(self, jpeg):
        self.jpeg = jpeg

    def __len__(self):
        return 8

    def __getitem__(self, row):
        if row == 2:
            raise FileNotFoundError(2, "No such file or directory", "gone.jpg")
        if row == 5:
            raise KeyError("caption")
        if row == 6:
            raise TruncatedImageError("cut", path="six.jpg")
        return self.jpeg, "a"


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 2}])
def test_what_a_lazy_item_raises_is_that_row_s(jpeg, options):
    source = Sequence(Lazy(jpeg))
    recipe = Recipe(image=ImageRecipe(size=8))
    with pytest.raises(SourceError, match=r"FileNotFoundError: .*No such file.*\(test_gathered.py, line") as caught:
        list(Loader(source, recipe, batch_size=8, shuffle=False, **options))
    assert (caught.value.key, caught.value.path) == ("2", "gone.jpg")
    loader = Loader(source, recipe, batch_size=8, on_error="replace", budget=1, manifest=None, **options)
    (batch,) = loader
    found = {bad.key: (bad.error, bad.path) for bad in batch.replaced}
    assert found == {
        "2": ("SourceError", "gone.jpg"),
        "5": ("SourceError", "memory"),
        "6": ("TruncatedImageError", "six.jpg"),
    }
    with pytest.raises(SourceError, match="KeyError"):
        source.facts(5)


def test_a_third_part_of_an_item_is_its_facts():
    source = Sequence([(b"", ["a", 3], {"boxes": [[0, 0, 1, 1]]}), (b"", "b")])
    assert source.facts(0) == {"boxes": [[0, 0, 1, 1]], "captions": ["a"]}
    assert source.facts(-1) == {"captions": ["b"]}
    assert source.gather([0]).caption(0, 0) == "a"


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


def test_what_is_wrong_with_a_huggingface_row_is_that_row_s(faults):
    source = HuggingFace(make(image=[b"1", b"2", None], caption=[["a"], [None], ["c"]]))
    assert faults(source).keys() == {"1", "2"}
    assert "not a string" in faults(source)["1"] and "the image is a NoneType" in faults(source)["2"]


@pytest.mark.parametrize(
    ("labels", "bad"),
    [
        ([0.9, 2.0, None], {"0": r"the label is 0.9 \(float\), not a class number"}),
        ([float("nan"), 1.0, 2.0], {"0": r"the label is nan \(float\)"}),
        (["cat", "dog", None], {"0": "class_encode_column.'label'.", "1": r"'dog' \(str\)"}),
        ([[1, 0], [1], None], {"0": r"\[1, 0\] \(list\)", "1": r"\[1\] \(list\)"}),
        ([True, False, None], {}),
    ],
)
def test_labels_are_what_the_data_say(faults, labels, bad):
    source = HuggingFace(make(image=[b"1", b"2", b"3"], label=labels), caption=None, label="label")
    found = faults(source)
    assert found.keys() == bad.keys()
    assert all(re.search(says, found[key]) for key, says in bad.items())
    index = source.gather([1, 2])
    assert [index.label(row) for row in range(2) if index.fault(row) is None] in ([2, None], [1, 2], [None], [0, None])


def test_facts_of_a_huggingface_row_are_its_other_columns(jpeg):
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "caption": datasets.Value("string"),
            "mask": datasets.Image(),
            "q": [datasets.Value("string")],
        }
    )
    rows = {"image": [{"bytes": jpeg, "path": None}], "caption": ["a"], "mask": [{"bytes": jpeg, "path": None}]}
    source = pickle.loads(
        pickle.dumps(HuggingFace(datasets.Dataset.from_dict(rows | {"q": [["x"]]}, features=features)))
    )
    mask = {"bytes": jpeg, "path": None}
    assert source.facts(0) == {"caption": "a", "mask": mask, "q": ["x"], "captions": ["a"]}
