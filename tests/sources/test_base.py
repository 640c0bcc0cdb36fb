"""What every source can do: its keys are a sequence, it prints, it pickles."""

import pickle

import pytest

from impasto import sources
from impasto.sources import AlbefCaptions


@pytest.fixture
def source(write_json):
    return AlbefCaptions(write_json([{"image": f"{i}.jpg", "caption": "x"} for i in range(5)]))


def test_keys_are_a_sequence(source):
    keys = source.keys
    assert len(keys) == 5
    assert keys[0] == "0.jpg" and keys[-1] == "4.jpg" and keys[1:3] == ["1.jpg", "2.jpg"]
    assert "3.jpg" in keys and list(keys) == [f"{i}.jpg" for i in range(5)]
    with pytest.raises(IndexError):
        keys[5]


def test_a_row_that_is_not_there_is_named(source):
    for data in (source, sources.concat(source, source), source[1:], sources.Sequence([(b"...", "x")])):
        for ask in (data.facts, data.find, data.__getitem__):
            for row in (10**9, -(10**9)):
                with pytest.raises(IndexError, match=f"row {row} is not in a data set of {len(data)} rows"):
                    ask(row)


def test_sources_print_and_pickle(source, tmp_path):
    assert repr(source) == f"AlbefCaptions('{tmp_path}/annotations.json', 5 rows)"
    copy = pickle.loads(pickle.dumps(source))
    assert repr(copy) == repr(source) and list(copy.keys) == list(source.keys)


def test_every_source_is_documented():
    named = [value for value in vars(sources).values() if isinstance(value, type)]
    assert len(named) == 42
    assert all(value.__doc__ for value in named)
