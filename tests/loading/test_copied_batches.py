"""Batches from shards that lie elsewhere: byte for byte those of local ones, copied ahead, in a bounded folder."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path

import pytest

from impasto import Loader
from impasto.errors import SourceError
from impasto.loading.mixture import Mixture
from impasto.sources import Transfer, WebDataset
from sources.flaky import Flaky, flaky_server

SHARDS, ROWS = 8, 12


@pytest.fixture(scope="module")
def blobs(pairs) -> list[bytes]:
    found = []
    for number in range(SHARDS):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as shard:
            for row in range(ROWS):
                path, captions = pairs[(number * ROWS + row) % len(pairs)]
                for ending, data in (("jpg", path.read_bytes()), ("txt", captions[0].encode())):
                    member = tarfile.TarInfo(f"{number}-{row}.{ending}")
                    member.size = len(data)
                    shard.addfile(member, io.BytesIO(data))
        found.append(file.getvalue())
    return found


@pytest.fixture
def local(tmp_path: Path, blobs) -> WebDataset:
    (tmp_path / "local").mkdir()
    for number, blob in enumerate(blobs):
        (tmp_path / "local" / f"{number}.tar").write_bytes(blob)
    return WebDataset(tmp_path / "local" / "*.tar")


@pytest.fixture
def server(blobs):
    with flaky_server() as state:
        state.files = {f"/{number}.tar": blob for number, blob in enumerate(blobs)}
        yield state


def remote(server: Flaky, cache: Path, gigabytes: float = 1.0) -> WebDataset:
    transfer = Transfer(hedge=None, retries=6, parallel=2)
    return WebDataset(f"{server.url}/{{0..{SHARDS - 1}}}.tar", cache=cache, cache_gb=gigabytes, transfer=transfer)


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("shuffle", [True, "shards"])
def test_batches_are_those_of_local_shards(local, server, blobs, recipe, digest, tmp_path, processes, shuffle):
    size = max(map(len, blobs))
    gigabytes = (4.5 if shuffle == "shards" else 8.5) * size / 1e9
    data = remote(server, tmp_path / "cache", gigabytes)
    server.faults = ["503", "ok", "drop", "ok", "short", "ok", "cut"] * 3
    server.asked.clear()
    options = {"batch_size": 8, "seed": 3, "shuffle": shuffle, "window": 2}
    near = Loader(local, recipe, workers=0, **options)
    expected = [digest(batch) for _ in range(2) for batch in near]
    loader = Loader(data, recipe, workers=2, processes=processes, **options)
    assert [digest(batch) for _ in range(2) for batch in loader] == expected
    copied = sum(path.stat().st_size for path in (tmp_path / "cache").glob("*.copy*"))
    assert copied <= gigabytes * 1e9


def test_the_loader_of_an_epoch_states_the_same_data(local, server, recipe, tmp_path):
    data = remote(server, tmp_path / "cache")
    first = Loader(local, recipe, batch_size=8)
    second = Loader(data, recipe, batch_size=8)
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()


def test_shards_come_before_the_step_that_wants_them(server, recipe, tmp_path):
    data = remote(server, tmp_path / "cache")
    for copy in (tmp_path / "cache").glob("*.copy"):
        copy.unlink()
    loader = Loader(Mixture({data: 1}), recipe, batch_size=4, shuffle=False, workers=0)
    batches = iter(loader)
    server.asked.clear()
    next(batches)
    until = time.monotonic() + 20
    while server.gets() < SHARDS and time.monotonic() < until:
        time.sleep(0.01)
    assert server.gets() == SHARDS
    server.faults = ["404"] * 100
    assert len(list(batches)) == SHARDS * ROWS // 4 - 1


def test_shards_are_copied_ahead_no_further_than_there_is_room(server, blobs, recipe, tmp_path):
    data = remote(server, tmp_path / "cache", 5 * max(map(len, blobs)) / 1e9)
    for copy in (tmp_path / "cache").glob("*.copy"):
        copy.unlink()
    batches = iter(Loader(data, recipe, batch_size=4, shuffle=False, workers=0))
    server.asked.clear()
    next(batches)
    time.sleep(1)
    assert 2 <= server.gets() <= 4
    rest = list(batches)
    assert len(rest) == SHARDS * ROWS // 4 - 1 and server.gets() == SHARDS


def test_a_shard_that_is_gone_ends_the_run_and_is_no_bad_sample(server, recipe, tmp_path):
    data = remote(server, tmp_path / "cache")
    for copy in (tmp_path / "cache").glob("*.copy"):
        copy.unlink()
    del server.files["/4.tar"]
    options = {"on_error": "replace", "budget": 1.0, "manifest": None, "shuffle": False, "batch_size": 4}
    batches = iter(Loader(data, recipe, workers=1, **options))
    with pytest.raises(SourceError, match="can't be had"):
        list(batches)
