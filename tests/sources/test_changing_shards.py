"""Shards that are not what they were: an error, never another sample, never the end of the process."""

import io
import os
import pickle
import tarfile
from pathlib import Path

import pytest

from impasto.errors import SourceError
from impasto.sources import WebDataset


def rename_members(path):
    before = path.stat()
    with tarfile.open(path) as tar:
        members = [(m.name.replace("a", "b"), tar.extractfile(m).read()) for m in tar]
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


@pytest.mark.parametrize("opened", [False, True])
def test_a_shard_of_the_same_size_and_time_is_known(write_tar, opened):
    path = write_tar([(f"a{n}.{end}", b"%d" % n) for n in range(40) for end in ("jpg", "txt")])
    source = WebDataset(path)
    if opened:
        assert source.index.image(0) == b"0"
    rename_members(path)
    for read in (source.index.image, source.index.captions):
        with pytest.raises(SourceError, match="the shard changed after it was indexed") as caught:
            read(20)
        assert (caught.value.key, caught.value.path) == ("a20", f"{path}:a20")
    assert WebDataset(path).key(20) == "b20"


@pytest.mark.parametrize("size", [0, 700, 1536 * 7, None])
def test_a_shard_that_is_cut_while_it_is_read_is_an_error(write_tar, size):
    path = write_tar([(f"a{n}.jpg", bytes(1000)) for n in range(9)])
    index = WebDataset(path).index
    assert index.image(0) == bytes(1000)
    path.unlink() if size is None else os.truncate(path, size)
    if size is None:  # the open file is still there
        assert index.image(8) == bytes(1000)
        path.touch()
        index = pickle.loads(pickle.dumps(index))
    with pytest.raises(SourceError, match="the shard changed"):
        index.image(8)


def test_many_shards_are_not_all_held_open(write_tar, tmp_path):
    for number in range(150):
        write_tar([("a.jpg", b"%d" % number)], f"{number:03}.tar")
    index = WebDataset(tmp_path / "*.tar").index
    for row in [*range(150), *range(0, 150, 7)]:
        assert index.image(row) == b"%d" % row
    held = [link for link in Path("/proc/self/fd").iterdir() if str(tmp_path) in os.path.realpath(link)]
    assert 100 < len(held) <= 128


def test_an_index_is_written_through_no_link(write_tar, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    path = write_tar([("a.jpg", b"1")])
    for number in range(2000):
        (tmp_path / f"shard.tar.impasto-index.{os.getpid()}-{number}.partial").symlink_to(victim)
    (tmp_path / "shard.tar.impasto-index").symlink_to(victim)
    assert len(WebDataset(path)) == 1
    assert victim.read_bytes() == b"mine"
