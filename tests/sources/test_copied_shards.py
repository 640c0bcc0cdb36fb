"""Shards that lie elsewhere: the same rows as on a local disk, whatever the way there does."""

from __future__ import annotations

import dataclasses
import gzip
import io
import os
import pickle
import signal
import subprocess
import sys
import tarfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import fsspec
import numpy as np
import pytest

from impasto.errors import RecipeError, SourceError
from impasto.sources import Source, Transfer, WebDataset, concat
from sources.flaky import Flaky, flaky_server

ROWS, SHARDS = 8, 5
EAGER = Transfer(retries=4, hedge=0.15, timeout=5, part_bytes=8000)


def tar(number: int, rows: int = ROWS) -> bytes:
    rng = np.random.default_rng(number)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as shard:
        for row in range(rows):
            parts = {
                "jpg": rng.bytes(3000),
                "txt": f"row {row} of {number}".encode(),
                "cls": b"%d" % row,
                "json": b'{"row": %d}' % row,
            }
            for ending, data in parts.items():
                member = tarfile.TarInfo(f"{number}-{row}.{ending}")
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))
    return file.getvalue()


SIZE = len(tar(0))


def rows_of(data: Source) -> list[tuple[object, ...]]:
    found = []
    for row in range(len(data)):
        sample = data[row]
        found.append((sample.key, sample.captions, sample.label, sample.facts["json"], sample.image))
    return found


@pytest.fixture
def local(tmp_path: Path) -> WebDataset:
    folder = tmp_path / "local"
    folder.mkdir()
    for number in range(SHARDS):
        (folder / f"{number}.tar").write_bytes(tar(number))
    return WebDataset(folder / "*.tar")


@pytest.fixture
def memory() -> Iterator[str]:
    system = fsspec.filesystem("memory")
    for number in range(SHARDS):
        system.pipe(f"/shards/{number}.tar", tar(number))
    yield "memory://shards/"
    system.rm("/shards", recursive=True)


@pytest.fixture
def server() -> Iterator[Flaky]:
    with flaky_server() as state:
        state.files = {f"/{number}.tar": tar(number) for number in range(SHARDS)}
        yield state


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def copies(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.copy"))


@pytest.mark.parametrize("pattern", ["{0..4}.tar", "*.tar"])
def test_rows_are_those_of_local_shards(local, memory, cache, pattern):
    data = WebDataset(memory + pattern, cache=cache)
    assert rows_of(data) == rows_of(local)
    assert data.borders().tolist() == local.borders().tolist() == [0, 8, 16, 24, 32, 40]
    assert data.index.path(9) == f"{memory}1.tar:1-1"
    assert rows_of(concat(data, local)[::3]) == (rows_of(local) * 2)[::3]
    assert rows_of(pickle.loads(pickle.dumps(data))) == rows_of(local)


def test_an_index_is_made_once(local, server, cache):
    urls = f"{server.url}/{{0..4}}.tar"
    whole = rows_of(WebDataset(urls, cache=cache))
    for copy in copies(cache):
        copy.unlink()
    server.asked.clear()
    data = WebDataset(urls, cache=cache)
    assert server.gets() == 0 and server.asked["HEAD /3.tar"] == 1
    assert data[30].captions == ("row 6 of 3",)
    assert {what for what in server.asked if what.startswith("GET")} == {"GET /3.tar"}
    assert rows_of(data) == whole == rows_of(local)


@pytest.mark.parametrize(
    "faults",
    [
        ["503", "503", "ok", "503"],
        ["drop", "ok", "drop"],
        ["short", "ok", "short", "cut"],
        ["cut", "cut"],
        ["slow", "ok", "slow"],
        ["whole"],
        ["ok", "ok", "whole"],
    ],
    ids="-".join,
)
def test_faults_on_the_way_change_nothing(local, server, cache, faults):
    server.faults = list(faults)
    # A busy machine is slow, too: where no answer is, nothing is asked for twice for its slowness.
    eager = EAGER if "slow" in faults else dataclasses.replace(EAGER, hedge=None)
    data = WebDataset(f"{server.url}/{{0..4}}.tar", cache=cache, transfer=eager)
    assert rows_of(data) == rows_of(local)
    parts = SHARDS * -(-SIZE // EAGER.part_bytes)
    again = sum(fault in ("503", "drop", "short", "cut") for fault in faults)
    hedged = parts + again if "slow" in faults else 0
    fewer = 0 if "whole" not in faults else 10
    assert parts + again - fewer <= server.gets() <= parts + again + hedged
    assert not server.faults


def test_the_first_answer_wins(server, cache):
    server.faults, server.pause = ["slow"], 4.0
    begun = time.monotonic()
    WebDataset(f"{server.url}/0.tar", cache=cache, transfer=Transfer(hedge=0.1))
    assert time.monotonic() - begun < 3.5
    assert server.asked["GET /0.tar"] == 2


def test_a_request_without_answer_is_made_again(server, cache):
    server.faults, server.pause = ["slow"], 20.0
    begun = time.monotonic()
    WebDataset(f"{server.url}/0.tar", cache=cache, transfer=Transfer(hedge=None, timeout=0.5))
    assert time.monotonic() - begun < 15
    assert server.asked["GET /0.tar"] == 2


def test_what_is_missing_is_not_asked_for_again(server, cache):
    begun = time.monotonic()
    with pytest.raises(SourceError, match=r"can't be had.*404") as caught:
        WebDataset(f"{server.url}/missing.tar?key=secret", cache=cache)
    assert "secret" not in str(caught.value)
    assert time.monotonic() - begun < 10
    assert server.asked["HEAD /missing.tar?key=secret"] == 1
    with pytest.raises(SourceError, match="matches the pattern"):
        WebDataset("memory://nowhere/*.tar", cache=cache)


def test_a_server_that_stays_down_is_an_error_that_says_so(server, cache, caplog):
    """Without the signature that a URL may have behind its ``?``."""
    caplog.set_level("INFO", "impasto")
    server.files["/0.tar?key=secret"] = server.files["/0.tar"]
    server.faults = ["503"] * 100
    with pytest.raises(SourceError, match=r"503.*Transfer") as caught:
        WebDataset(f"{server.url}/0.tar?key=secret", cache=cache, transfer=Transfer(retries=1))
    assert "asked again" in caplog.text and "secret" not in caplog.text + str(caught.value)
    assert not copies(cache) and not list(cache.glob("*.partial"))


@pytest.mark.parametrize("tagged", [True, False])
def test_a_shard_that_changes_is_noticed(server, cache, tagged):
    server.tagged = tagged
    data = WebDataset(f"{server.url}/0.tar", cache=cache)
    server.files["/0.tar"] = tar(0, rows=20)
    assert data[0].captions == ("row 0 of 0",)  # from the copy of what was indexed
    data = pickle.loads(pickle.dumps(data))
    copies(cache)[0].unlink()
    with pytest.raises(SourceError, match="changed after it was indexed"):
        _ = data[0].image
    assert WebDataset(f"{server.url}/0.tar", cache=cache)[19].captions == ("row 19 of 0",)


def test_copies_stay_within_their_bound(local, memory, cache):
    data = WebDataset(memory + "*.tar", cache=cache, cache_gb=2.5 * SIZE / 1e9)
    for row in [*range(len(data)), *range(0, len(data), 3)]:
        assert data[row].image == local[row].image
        assert len(copies(cache)) <= 2
    (oldest,) = set(copies(cache)) - {Path(data.wanted(np.asarray([39]))[0].shard.path)}
    _ = data[0].image
    assert not oldest.exists() and len(copies(cache)) == 2


def test_what_is_read_is_not_dropped(local, memory, cache):
    data = WebDataset(memory + "*.tar", cache=cache, cache_gb=2.5 * SIZE / 1e9)
    with data.held(np.arange(8)):
        (first,) = (Path(one.shard.path) for one in data.wanted(np.asarray([0])))
        for row in range(8, 40):
            _ = data[row].image
            assert first.exists()
    with ExitStack() as held:
        with pytest.warns(UserWarning, match="more than cache_gb="):
            held.enter_context(data.held(np.arange(40)))
        assert len(copies(cache)) == 5
        assert data.index.image(39) == local[39].image
    assert data[0].image == local[0].image


def test_a_shard_larger_than_the_cache_is_refused(memory, cache):
    with pytest.raises(RecipeError, match="raise cache_gb="):
        WebDataset(memory + "0.tar", cache=cache, cache_gb=SIZE / 2e9)
    with pytest.raises(RecipeError, match="cache='FOLDER'"):
        WebDataset(memory + "0.tar")


@pytest.mark.parametrize("damage", ["cut", "touched"])
def test_a_damaged_copy_is_made_again(local, memory, cache, damage):
    data = WebDataset(memory + "0.tar", cache=cache)
    (copy,) = copies(cache)
    if damage == "cut":
        status = copy.stat()
        os.truncate(copy, 5000)
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        copy.touch()
    assert data[7].image == local[7].image


@pytest.mark.parametrize("where", ["local", "memory", "members"])
def test_gzip_is_unpacked_on_the_way(local, memory, cache, tmp_path, where):
    packed = gzip.compress(tar(0))
    if where == "members":
        packed = gzip.compress(tar(0)[:7000]) + gzip.compress(tar(0)[7000:])
    fsspec.filesystem("memory").pipe("/shards/0.tar.gz", packed)
    (tmp_path / "0.tar.gz").write_bytes(packed)
    name = memory + "0.tar.gz" if where == "memory" else str(tmp_path / "0.tar.gz")
    data = WebDataset([name, memory + "1.tar"], cache=cache, transfer=Transfer(part_bytes=1000))
    assert rows_of(data) == rows_of(local)[:16]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[:-100], "its gzip ends too soon"),
        (lambda data: data[:500] + b"\0" * 50 + data[550:], "its gzip is damaged"),
    ],
)
def test_damaged_gzip_is_an_error(cache, tmp_path, spoil, says):
    (tmp_path / "0.tgz").write_bytes(spoil(gzip.compress(tar(0))))
    with pytest.raises(SourceError, match=says) as caught:
        WebDataset(tmp_path / "0.tgz", cache=cache)
    assert caught.value.path.endswith("0.tgz") and not list(cache.glob("*.copy*"))


def test_a_bomb_fills_no_disk(cache, tmp_path):
    (tmp_path / "0.tar.gz").write_bytes(gzip.compress(bytes(80 << 20), 1))
    with pytest.raises(RecipeError, match="raise cache_gb="):
        WebDataset(tmp_path / "0.tar.gz", cache=cache, cache_gb=0.04)
    assert not list(cache.glob("*.copy*"))


def test_commands_are_shards(local, cache, tmp_path):
    folder = tmp_path / "local"
    calls = tmp_path / "calls"
    pipes = f"pipe:echo >> {calls}; gzip -c {folder}/{{0..4}}.tar"
    data = WebDataset(pipes, cache=cache)
    assert rows_of(data) == rows_of(local)
    assert len(WebDataset(pipes, cache=cache)) == 40 and len(calls.read_text()) == 5
    (folder / "0.tar").write_bytes(tar(0, rows=20))
    for copy in copies(cache):
        copy.unlink()
    data = pickle.loads(pickle.dumps(data))
    with pytest.raises(SourceError, match="changed after"):
        _ = data[0].image


def test_a_command_that_fails_says_why_and_is_tried_again(cache, tmp_path):
    (tmp_path / "0.tar").write_bytes(tar(0))
    with pytest.raises(SourceError, match="status 3: no such bucket"):
        WebDataset("pipe:echo no such bucket >&2; exit 3", cache=cache, transfer=Transfer(retries=0))
    once = f"pipe:mkdir {tmp_path}/there && exit 1; cat {tmp_path}/0.tar"
    assert len(WebDataset(once, cache=cache, transfer=Transfer(retries=2))) == ROWS
    with pytest.raises(SourceError, match=r"no tar header|cut"):
        WebDataset("pipe:echo hello, this is a page of HTML", cache=cache)
    assert len(copies(cache)) == 1


@pytest.mark.parametrize("how", ["{}.gz", "pipe:cat {}"])
def test_what_is_of_unknown_size_counts_what_it_takes(local, cache, tmp_path, how):
    """One of a cache's bytes in all, and more than that: nothing is held against bytes that may come."""
    place = str(tmp_path / "local" / "0.tar")
    Path(place + ".gz").write_bytes(gzip.compress(tar(0)))
    data = WebDataset(how.format(place), cache=cache, cache_gb=(SIZE + 0.5) / 1e9)
    assert rows_of(data) == rows_of(local)[:8] and copies(cache)[0].stat().st_size == SIZE
    with pytest.raises(RecipeError, match="raise cache_gb="):
        WebDataset(how.format(place), cache=tmp_path / "small", cache_gb=(SIZE - 0.5) / 1e9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # three fit, side by side
        names = [how.format(tmp_path / "local" / f"{number}.tar") for number in range(3)]
        for number in (1, 2):
            Path(tmp_path / "local" / f"{number}.tar.gz").write_bytes(gzip.compress(tar(number)))
        WebDataset(names, cache=tmp_path / "three", cache_gb=(3 * SIZE + 0.5) / 1e9)
    assert len(copies(tmp_path / "three")) == 3


def test_a_signature_that_is_renewed_copies_nothing(server, cache):
    """Where an ETag says that the shard is the same; another place in the URL is another shard."""
    first, second = "?part=1&X-Amz-Date=1&X-Amz-Signature=one", "?part=1&X-Amz-Date=2&X-Amz-Signature=two"
    for query in (first, second, second.replace("part=1", "part=2")):
        server.files["/0.tar" + query] = server.files["/0.tar"]
    whole = rows_of(WebDataset(f"{server.url}/0.tar{first}", cache=cache))
    asked = server.gets()
    assert rows_of(WebDataset(f"{server.url}/0.tar{second}", cache=cache)) == whole and server.gets() == asked
    WebDataset(f"{server.url}/0.tar{second.replace('part=1', 'part=2')}", cache=cache)
    assert len(copies(cache)) == 2
    server.files["/0.tar" + second] = tar(0, rows=20)
    assert len(WebDataset(f"{server.url}/0.tar{second}", cache=cache)) == 20
    server.tagged = False
    for query in (first, first.replace("one", "anew")):
        server.files["/0.tar" + query] = server.files["/0.tar"]
        WebDataset(f"{server.url}/0.tar{query}", cache=cache)
    assert len(copies(cache)) == 5


LOAD = """
import hashlib, sys
from impasto.sources import WebDataset
data = WebDataset(sys.argv[1], cache=sys.argv[2])
print(hashlib.sha256(b"".join(data[row].image for row in range(len(data)))).hexdigest())
"""


def start(*arguments: object, program: str = LOAD) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def test_processes_copy_each_shard_once(server, cache):
    # The first answers wait until all processes have begun.
    server.faults, server.until = ["wait"] * 5, lambda: server.asked["HEAD /4.tar"] >= 3
    running = [start(f"{server.url}/{{0..4}}.tar", cache) for _ in range(3)]
    assert len({process.communicate()[0] for process in running}) == 1
    assert all(process.returncode == 0 for process in running)
    assert {count for what, count in server.asked.items() if what.startswith("GET")} == {1}


def test_a_kill_leaves_nothing_that_is_taken_for_whole(local, server, cache):
    server.faults, server.pause = ["ok", "ok", "slow", "slow", "slow", "slow"], 60.0
    process = start(f"{server.url}/{{0..4}}.tar", cache)
    while not list(cache.glob("*.partial")) or len(copies(cache)) < 1:
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    server.faults = []
    data = WebDataset(f"{server.url}/{{0..4}}.tar", cache=cache, cache_gb=(3 * SIZE + 0.5) / 1e9)
    assert rows_of(data) == rows_of(local)
    assert not list(cache.glob("*.partial"))


FORK = """
import os, sys, time
import numpy as np
from impasto.sources import WebDataset
data = WebDataset(sys.argv[1], cache=sys.argv[2])
with data.held(np.arange(3)):
    if not os.fork():
        print(os.getpid(), flush=True)  # said by the child: what is done after a fork is done by then
    time.sleep(60)
"""


def test_a_child_keeps_no_locks_of_its_parent(server, cache):
    url = f"{server.url}/0.tar"
    data = WebDataset(url, cache=cache)
    (wanted,) = data.wanted(np.arange(3))
    process = start(url, cache, program=FORK)
    child = int(process.stdout.readline())
    try:
        assert not wanted.copies.cache.drop(Path(wanted.shard.path))
        process.kill()
        process.wait()
        assert wanted.copies.cache.drop(Path(wanted.shard.path))
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
