"""Data sets put together and cut apart are lists put together and cut apart: rows, keys, facts, and what is shown."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto._core import IndexBuilder
from impasto.errors import RecipeError, SourceError
from impasto.sources import CsvCaptions, IndexedSource, Sequence, concat

NAMES = ["a cat", "a dog", "a bus", "a mug", "a hat"]


def listed(data):
    return [(data.key(row), data.facts(row)["captions"], data.facts(row).get("n")) for row in range(len(data))]


def pairs(numbers):
    return Sequence([(b"bytes", NAMES[n], {"n": n}) for n in numbers])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("filepath,title\n" + "".join(f"{n}.jpg,{name}\n" for n, name in enumerate(NAMES)))
    return CsvCaptions(path, sep=",")


def test_rows_of_a_whole_are_those_of_its_parts(table):
    first, third = pairs([0, 1]), pairs([4])
    whole = concat(first, table, third, first)
    assert listed(whole) == listed(first) + listed(table) + listed(third) + listed(first)
    assert listed(pickle.loads(pickle.dumps(whole))) == listed(whole)
    assert whole.key(-1) == "1"
    with pytest.raises(IndexError):
        whole.key(len(whole))


@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    chosen=st.one_of(
        st.slices(9),
        st.lists(st.integers(-1, 0), max_size=6),
        st.lists(st.booleans(), min_size=15, max_size=15).map(np.asarray),
    ),
)
def test_a_choice_of_rows_is_numpy_s(lengths, chosen):
    members = [pairs(range(length)) for length in lengths]
    whole = concat(*members)
    plain = np.asarray([f"{member}/{row}" for member, length in enumerate(lengths) for row in range(length)])
    if isinstance(chosen, np.ndarray):
        chosen = chosen[: len(plain)]
    wanted = plain[chosen if len(np.shape(chosen)) == 0 or len(chosen) else np.asarray([], int)]
    subset = whole[chosen]
    again = subset[::-1]
    names = [None] * len(subset)
    for part in subset.parts(np.arange(len(subset))):
        member = next(number for number, one in enumerate(members) if one is part.source)
        for place, row in zip(part.places, part.rows, strict=True):
            names[place] = f"{member}/{row}"
    assert names == wanted.tolist()
    assert listed(again) == listed(subset)[::-1]


def test_a_row_is_shown(table, jpeg):
    sample = concat(Sequence([(jpeg, ["a cat", "a tabby"], {"n": 7})]), table)[0]
    assert (sample.key, sample.captions, sample.label, sample.facts) == ("0", ("a cat", "a tabby"), None, {"n": 7})
    assert sample.image == jpeg and sample.fault is None
    assert "a tabby" in repr(sample) and "\\x" not in repr(sample)
    there = table[-1]
    assert (there.row, there.path.rsplit("/")[-1], there.captions) == (4, "4.jpg", ("a hat",))
    with pytest.raises(SourceError):
        _ = there.image
    assert "None" in table[1:2][0].__repr__()
    assert [sample.key for sample in table] == list(table.keys)


def test_what_is_wrong_with_a_row_is_shown_with_it():
    builder = IndexBuilder()
    builder.add_fault("7", SourceError("the page is torn", path="book.txt"), ["a cat"])
    sample = IndexedSource(builder.finish(), "a book")[0]
    assert isinstance(sample.fault, SourceError) and "torn" in str(sample.fault)
    assert (sample.key, sample.path, sample.captions, sample.label) == ("7", "book.txt", ("a cat",), None)


@pytest.mark.parametrize("rows", ["a", 1.5, None, [[0]], [0.5], ["a"]])
def test_what_names_no_rows_is_refused(table, rows):
    with pytest.raises(RecipeError, match="row numbers"):
        table[rows]


@pytest.mark.parametrize("rows", [5, -6, [0, 5], [-6], [True, False]])
def test_rows_that_are_not_there_are_refused(table, rows):
    with pytest.raises(IndexError, match=r"5|-6|mask of 2"):
        table[rows]


def test_nothing_and_what_is_no_source_is_refused():
    with pytest.raises(RecipeError, match="nothing"):
        concat()
    with pytest.raises(RecipeError, match="no source"):
        concat([1])


def test_a_list_of_data_sets_is_told_how(table):
    with pytest.raises(RecipeError, match=r"list .* is no source; .*concat\(\*sources\)"):
        concat([table, table])
