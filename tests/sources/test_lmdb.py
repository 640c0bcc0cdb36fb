"""LMDB databases, written by lmdb itself."""

from __future__ import annotations

import pickle

import lmdb
import pytest

from impasto import ImageRecipe, Loader, Recipe, sources
from impasto.errors import SourceError
from impasto.jobs import inspect


@pytest.fixture
def write(tmp_path):
    def write(entries, *, folder=True):
        path = tmp_path / "database"
        with lmdb.open(str(path), subdir=folder, map_size=1 << 24) as database, database.begin(write=True) as to:
            for key, value in entries.items():
                to.put(key if isinstance(key, bytes) else key.encode(), value)
        return path

    return write


@pytest.mark.parametrize("folder", [True, False])
def test_samples_by_their_keys(write, jpeg, folder):
    path = write(
        {
            "b/2.jpg": jpeg,
            "b/2.json": b'{"caption": ["two", "zwei"], "id": 7}',
            "b/1.JPG": jpeg + b"1",
            "b/1.txt": "\u00e9ins".encode(),
            "b/1.cls": b"3",
            "a": jpeg + b"a",
            "m/1.Jpg": jpeg + b"m",
            "m/1.Txt": b"of both cases",
            "m/1.Cls": b"4",
            "m/1.Json": b'{"id": 8}',
            "c.txt": b"no image",
            "d.mp4": b"",
            "__len__": pickle.dumps(3),
            "__keys__": b"[]",
        },
        folder=folder,
    )
    source = sources.open(path)
    assert isinstance(source, sources.Lmdb) and list(source.keys) == ["a", "b/1", "b/2", "m/1"]
    assert source.left_out == {".mp4": 1, "__keys__": 1, "__len__": 1, "without an image": 1}
    again = sources.Lmdb(path)  # of the same process
    for copy in (again, pickle.loads(pickle.dumps(source))):
        index = copy.gather([2, 1, 0, 3])
        assert [index.image(at) for at in range(4)] == [jpeg, jpeg + b"1", jpeg + b"a", jpeg + b"m"]
        assert [index.captions(at) for at in range(4)] == [["two", "zwei"], ["\u00e9ins"], [], ["of both cases"]]
        assert [index.label(at) for at in range(4)] == [None, 3, None, 4]
        assert copy.facts(3) == {"id": 8, "captions": ["of both cases"]}
        assert copy.facts(2) == {"caption": ["two", "zwei"], "id": 7, "captions": ["two", "zwei"]}
        assert copy.gather_texts([2]).image(0) == b""
    assert inspect(source).rows == 4


def test_a_database_that_is_open_already(write, jpeg):
    path = write({"a.jpg": jpeg})
    kept = sources.Lmdb(path)
    again = sources.open(path / "data.mdb")
    assert again.gather([0]).image(0) == kept.gather([0]).image(0) == jpeg


def test_a_database_that_the_user_has_open(write, jpeg):
    path = write({"a.jpg": jpeg})
    with (
        lmdb.open(str(path), readonly=True, lock=False),
        pytest.raises(SourceError, match=r"opened the database elsewhere.*env\.close\(\)"),
    ):
        sources.Lmdb(path)
    assert len(sources.Lmdb(path)) == 1


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_read_them(write, jpeg, method):
    path = write({f"{number:02d}.jpg": jpeg for number in range(8)})
    recipe = Recipe(image=ImageRecipe(size=8), text=None)
    options = {"processes": True, "multiprocessing_context": method, "shuffle": False}
    batches = list(Loader(sources.Lmdb(path), recipe, batch_size=4, workers=2, **options))
    assert [batch.keys for batch in batches] == [["00", "01", "02", "03"], ["04", "05", "06", "07"]]


def test_bad_rows_wait_in_their_place(write, jpeg, faults):
    path = write(
        {
            **{f"{name}.jpg": jpeg for name in "abcd"},
            "a.json": b"{",
            "b.json": b"[1]",
            "c.json": b'{"caption": 3}',
            "d.txt": b"\xff",
        }
    )
    wrong = faults(sources.Lmdb(path))
    assert wrong.keys() == {"a", "b", "c", "d"}
    assert "is not JSON" in wrong["a"] and "is a list, not an object" in wrong["b"]
    assert "a caption is 3 (int)" in wrong["c"] and "UTF-8" in wrong["d"]


def test_what_is_no_such_database(write, tmp_path, jpeg):
    with pytest.raises(SourceError, match="no LMDB database that can be read"):
        sources.Lmdb(tmp_path / "gone")
    with pytest.raises(SourceError, match="there are no images"):
        sources.Lmdb(write({"a.txt": b"x"}))
    with pytest.raises(SourceError, match="'whose key is no text': 1"):
        sources.Lmdb(write({b"\xff\x00": jpeg}))
    one = sources.Lmdb(write({b"\xff\x00": jpeg, "a.jpg": jpeg}))
    assert len(one) == 1 and one.left_out["whose key is no text"] == 1
