"""Batches from shards that lie elsewhere: byte for byte those of local ones, copied ahead, in a bounded folder."""

from __future__ import annotations

import io
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import pytest

from impasto import Loader
from impasto.errors import SourceError
from impasto.loading.mixture import Mixture
from impasto.loading.running.copies import CopiesAhead
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
    options = {"batch_size": 8, "seed": 3, "shuffle": shuffle, "window": 2 if shuffle == "shards" else None}
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


class Named:
    """A copy of one byte, where there is room for two."""

    nbytes = 1

    def __init__(self, name: str, told: Queue[str], looked: Queue[str]) -> None:
        self.name, self.told, self.looked = name, told, looked

    @property
    def room(self) -> int:
        self.looked.put(self.name)
        return 2

    def touch(self) -> None:
        self.told.put(f"touch {self.name}")

    def begin(self) -> None:
        self.told.put(f"begin {self.name}")


def test_room_is_that_of_batches_to_come_and_what_waits_is_kept(monkeypatch):
    """Copy a is wanted by the first two batches, b by the second, c by the third, d by the last."""
    told, looked = Queue(), Queue()
    copies = {name: Named(name, told, looked) for name in "abcd"}
    wanted = [["a"], ["a", "b"], ["c"], ["d"]]
    monkeypatch.setattr("impasto.loading.running.copies.rows_of", lambda data, key: key)
    data = SimpleNamespace(copies=True, wanted=lambda rows: [copies[name] for name in wanted[int(rows[0])]])
    ahead = CopiesAhead(data, iter([[0], [1], [2], [3]]))
    ahead.begin()
    next_of = lambda queue, count: [queue.get(timeout=60) for _ in range(count)]  # noqa: E731
    assert next_of(told, 3) == ["begin a", "touch a", "begin b"] and next_of(looked, 2) == ["b", "c"]
    ahead.passed()  # the first batch; the second still wants a
    assert next_of(looked, 1) == ["c"] and told.empty()
    ahead.passed()
    assert next_of(told, 1) == ["begin c"]  # both are read, and need not outlast anything
    assert next_of(told, 2) == ["touch c", "begin d"]
    ahead.close()
    assert told.empty()


def test_a_shard_that_is_gone_ends_the_run_and_is_no_bad_sample(server, recipe, tmp_path):
    data = remote(server, tmp_path / "cache")
    for copy in (tmp_path / "cache").glob("*.copy"):
        copy.unlink()
    del server.files["/4.tar"]
    options = {"on_error": "replace", "budget": 1.0, "manifest": None, "shuffle": False, "batch_size": 4}
    batches = iter(Loader(data, recipe, workers=1, **options))
    with pytest.raises(SourceError, match="can't be had"):
        list(batches)


@pytest.mark.parametrize("processes", [False, True])
def test_who_waits_for_a_shard_is_told_which_and_how_far_it_is(server, blobs, recipe, tmp_path, caplog, processes):
    """By its address without what may be a signature; the server answers once it was told."""
    server.files = {f"/{number}.tar?signature=secret": blob for number, blob in enumerate(blobs[:2])}
    transfer = Transfer(hedge=None, part_bytes=len(blobs[1]) // 3, timeout=100)
    urls = [f"{server.url}/{number}.tar?signature=secret" for number in range(2)]
    data = WebDataset(urls, cache=tmp_path / "copies", transfer=transfer)
    for copy in (tmp_path / "copies").glob("*.copy"):
        copy.unlink()
    server.faults = ["ok", *["wait"] * 9]
    server.until = lambda: any("so far" in line for line in caplog.messages)
    loader = Loader(data, recipe, batch_size=4, shuffle=False, workers=1, processes=processes, patience=0.2)
    assert len(list(loader)) == 2 * ROWS // 4
    line = next(line for line in caplog.messages if "so far" in line)
    where = (
        r"worker processes .* shards are being copied:"
        if processes
        else r"step 0 is at: read of WebDataset's rows .* from"
    )
    found = re.search(where + r" (\S+) \((\S+) of (\S+) MB so far\)", line)
    assert found and found[1] == f"{server.url}/0.tar" and "secret" not in line
    assert 0 <= float(found[2]) < float(found[3]) == round(len(blobs[0]) / 1e6, 1)


class Tidied(WebDataset):
    """Somebody removes the cache so many times while rows are about to be read; nothing is copied ahead meanwhile."""

    copies = False

    def __init__(self, *arguments: object, cache: Path, times: int) -> None:
        super().__init__(*arguments, cache=cache)
        self.cache, self.times = cache, times

    @contextmanager
    def held(self, rows) -> Iterator[object]:
        with super().held(rows) as held:
            if self.times:
                self.times -= 1
                shutil.rmtree(self.cache)
            yield held


def test_a_cache_that_is_removed_makes_no_bad_samples(local, server, recipe, digest, tmp_path):
    """Copies are made again, and if that is of no use either, the run ends."""
    options = {"batch_size": 8, "shuffle": False, "workers": 0, "on_error": "replace", "budget": 1.0, "manifest": None}
    expected = [digest(batch) for batch in Loader(local, recipe, **options)]
    urls, cache = f"{server.url}/{{0..{SHARDS - 1}}}.tar", tmp_path / "cache"
    batches = list(Loader(Tidied(urls, cache=cache, times=2), recipe, **options))
    assert [digest(batch) for batch in batches] == expected and not any(batch.replaced for batch in batches)
    with pytest.raises(SourceError, match=f"removed from {cache} while it was read") as caught:
        list(Loader(Tidied(urls, cache=cache, times=-1), recipe, **options))
    assert caught.value.path == f"{server.url}/0.tar"
    data = Tidied(urls, cache=cache, times=0)
    images = [data.index.image(row) for row in range(2) if data.facts(row)]
    shutil.rmtree(cache)
    assert [data.index.image(row) for row in range(2) if data.facts(row)] == images


STALLED = """
import signal, sys
import impasto
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever began this may ignore it
data = impasto.sources.WebDataset(sys.argv[1], cache=sys.argv[2], transfer=impasto.sources.Transfer(timeout=1000))
recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=None)
loader = impasto.Loader(data, recipe, batch_size=4, shuffle=False, workers=1, patience=0.2, fields={})
for batch in loader:
    pass
"""


def test_an_interrupt_waits_for_no_store(server, tmp_path):
    """Which has the request, and never answers."""
    url = f"{server.url}/0.tar"
    WebDataset(url, cache=tmp_path / "cache")
    for copy in (tmp_path / "cache").glob("*.copy"):
        copy.unlink()
    ended = False
    server.faults, server.until = ["wait"] * 9, lambda: ended
    command = [sys.executable, "-c", STALLED, url, str(tmp_path / "cache")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stderr.readline()
            while "is at: read" not in line:  # said by who watches the thread that waits
                assert line
                line = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=60)[1]
        finally:
            ended = True
            process.kill()
    assert process.returncode == -signal.SIGINT and told.count("Traceback") == 1
    assert told.strip().endswith("KeyboardInterrupt")
