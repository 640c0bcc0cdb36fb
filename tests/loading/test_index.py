"""The index of a million rows: small, quick to pickle, and no larger in workers."""

import json
import pickle
import time

import pytest

from impasto import ImpastoError, ops
from impasto._core import IndexBuilder

ROWS = 1_000_000


@pytest.fixture(scope="module")
def million():
    builder = IndexBuilder("/data/train2017")
    for row in range(ROWS):
        builder.add_file(f"{row:012}.jpg", f"{row:012}.jpg", [f"a photo of thing number {row} on a wooden table"])
    return builder.finish()


def test_a_million_rows_cost_under_200_mb(million):
    assert len(million) == ROWS
    assert million.nbytes < 200e6


def test_pickling_copies_flat_buffers(million):
    data = pickle.dumps(million, protocol=5)
    assert len(data) < 200e6
    started = time.process_time()
    copy = pickle.loads(pickle.dumps(million, protocol=5))
    # Not a timing test but a guard against pickling row by row, which takes a hundred times as long.
    assert time.process_time() - started < 5
    assert len(copy) == ROWS and copy.nbytes == million.nbytes
    row = ops.permutation(ROWS)[ROWS // 3]
    assert copy.path(row) == f"/data/train2017/{row:012}.jpg"
    assert copy.captions(row) == [f"a photo of thing number {row} on a wooden table"]


@pytest.mark.parametrize(
    "spoil", [lambda state: (*state[:2], b"x" * 7, *state[3:]), lambda state: (*state[:1], b"", *state[2:])]
)
def test_a_damaged_pickle_is_refused(spoil):
    builder = IndexBuilder()
    builder.add_file("a", "a.jpg", ["a cat"])
    restore, state = builder.finish().__reduce__()
    with pytest.raises(ImpastoError, match=r"index"):
        restore(*spoil(state)).captions(0)


@pytest.mark.parametrize("row", [1, 2**40])
def test_rows_outside_are_refused(row):
    builder = IndexBuilder()
    builder.add_file("a", "a.jpg", ["a cat"])
    index = builder.finish()
    for read in (index.key, index.path, index.label, index.captions, index.image):
        with pytest.raises(Exception, match="row"):
            read(row)


def test_shards_are_indexed_once(tmp_path, photographs, encode, monkeypatch):
    """The second opening reads the cached table, also from a cache folder; a changed shard is read anew."""
    import tarfile

    from impasto.sources import WebDataset

    shard, image = tmp_path / "a.tar", tmp_path / "a.jpg"
    image.write_bytes(encode(photographs["coffee"][:20, :20]))
    with tarfile.open(shard, "w") as tar:
        for number in range(3):
            tar.add(image, f"{number}.jpg")
    cache = tmp_path / "cache"
    cache.mkdir()
    assert len(WebDataset(shard)) == len(WebDataset(shard, cache=cache)) == 3
    tables = [*tmp_path.glob("*.impasto-index"), *cache.iterdir()]
    assert len(tables) == 2
    before = [table.read_bytes() for table in tables]
    with tarfile.open(shard, "a") as tar:
        tar.add(image, "3.jpg")
    assert len(WebDataset(shard)) == len(WebDataset(shard, cache=cache)) == 4
    assert [table.read_bytes() for table in tables] != before
    for table in tables:
        table.write_bytes(b"not a table")
    assert len(WebDataset(shard)) == 4
    assert json.dumps(WebDataset(shard).keys[:]) == '["0", "1", "2", "3"]'
