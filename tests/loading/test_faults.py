"""Bad days: full disks, files that go or change, slow reading, code that fails, signals at any moment."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import time
from multiprocessing import active_children, current_process
from pathlib import Path

import pytest

from impasto import ImageRecipe, Loader, Recipe, RecipeError, SourceError, TextRecipe
from impasto.loading.bad_samples import BadSamples
from impasto.sources import CsvCaptions, Sequence, WebDataset
from impasto.streams import stream

RECIPE = Recipe(image=ImageRecipe(size=16), text=TextRecipe(tokenizer=None))
WAYS = [{"workers": 0}, {"workers": 2}, {"workers": 2, "processes": True}]


@pytest.fixture
def table(tmp_path, photographs, encode):
    """40 files and their table."""
    lines = ["filepath\ttitle"]
    for number in range(40):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(encode(photographs["chelsea"][number : number + 40, :50]))
        lines.append(f"{path}\tnumber {number}")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    return CsvCaptions(tmp_path / "table.csv")


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_files_that_vanish_or_change_under_a_run(table, tmp_path, options):
    """Ranks stay as long as each other, whatever has to be replaced on each."""
    ranks = [
        Loader(table, RECIPE, batch_size=4, rank=rank, world_size=2, on_error="replace", budget=1, seed=1, **options)
        for rank in (0, 1)
    ]
    under_way = [iter(loader) for loader in ranks]
    begun = [[next(batches)] for batches in under_way]
    for number in range(0, 40, 4):
        (tmp_path / f"{number}.jpg").unlink()
        (tmp_path / f"{number + 1}.jpg").write_bytes(b"<html>moved</html>")
    epochs = [first + list(rest) for first, rest in zip(begun, under_way, strict=True)]
    assert [[len(batch) for batch in epoch] for epoch in epochs] == [[4] * 5] * 2
    second = [list(loader) for loader in ranks]
    assert [len(epoch) for epoch in second] == [5, 5]
    replaced = [bad for epoch in second for batch in epoch for bad in batch.replaced]
    assert sorted(int(Path(bad.path).stem) for bad in replaced) == sorted([*range(0, 40, 4), *range(1, 40, 4)])
    assert {bad.error for bad in replaced} == {"SourceError", "UnsupportedImageError"} or {
        bad.error for bad in replaced
    } == {"SourceError", "DecodeError"}
    with pytest.raises(SourceError, match=r"\.jpg"):
        list(Loader(table, RECIPE, batch_size=40, shuffle=False, **options))


class Slow(Sequence):
    """A source whose reading takes as long as it likes."""

    def gather(self, ids):
        time.sleep(float(stream(3, "slow", *map(int, ids)).random()) / 20)
        return super().gather(ids)


@pytest.mark.parametrize("options", WAYS, ids=str)
def test_slow_reading_changes_nothing(pairs, digest, options):
    rows = [(str(path), captions) for path, captions in pairs]
    loader = Loader(Slow(rows), RECIPE, batch_size=6, seed=2, **options)
    assert [digest(batch) for batch in loader] == [
        digest(batch) for batch in Loader(Sequence(rows), RECIPE, batch_size=6, seed=2, workers=0)
    ]


class Failing(Sequence):
    """A source that fails, as no data are to blame for."""

    error: BaseException | None = None

    def gather(self, ids):
        if self.error is not None and 7 in list(ids):
            raise self.error
        return super().gather(ids)


@pytest.mark.parametrize(
    "error", [MemoryError("no more"), KeyError("a bug"), OSError(5, "Input/output error")], ids=str
)
@pytest.mark.parametrize("options", WAYS[:2], ids=str)
def test_what_users_code_raises_comes_out_and_the_next_epoch_begins(pairs, options, error):
    data = Failing([(str(path), captions) for path, captions in pairs])
    loader = Loader(data, RECIPE, batch_size=6, on_error="replace", budget=1, **options)
    data.error = error
    with pytest.raises(type(error)):
        list(loader)
    data.error = None
    assert len(list(loader)) == 10


def test_no_more_workers_stay_than_the_next_epoch_needs(pairs, capfd):
    """Those of an epoch that failed end with it; of two epochs at once, one's are kept."""
    before, workers = {*active_children()}, {"workers": 2, "processes": True}
    data = Failing([(str(path), captions) for path, captions in pairs])
    data.error = KeyError("a bug")
    loader = Loader(data, RECIPE, batch_size=6, **workers)
    for _ in range(2):
        with pytest.raises(KeyError):
            list(loader)
        assert {*active_children()} == before
    data.error = None
    first, second = iter(loader), iter(loader)
    assert len(list(zip(first, second, strict=True))) == 10
    assert len({*active_children()} - before) == 2
    assert "Exception ignored" not in capfd.readouterr().err


def test_a_daemon_has_no_workers(pairs, monkeypatch):
    loader = Loader(Sequence([(str(path), captions) for path, captions in pairs]), RECIPE, batch_size=6, **WAYS[2])
    monkeypatch.setitem(current_process()._config, "daemon", True)
    with pytest.raises(RecipeError, match=r"can't have worker processes; use processes=False"):
        next(iter(loader))


LARGE = """
import resource, sys
import impasto

def main():
    data = impasto.sources.Sequence([(sys.argv[1], "a")] * 160)
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=6000, dtype="uint8"), text=None)
    for options in ({"workers": 0}, {"workers": 1}, {"workers": 1, "processes": True}):
        try:
            next(iter(impasto.Loader(data, recipe, batch_size=160, manifest=None, **options)))
        except impasto.RecipeError as error:
            print(error)

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30,) * 2)
    main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is held back by RLIMIT_AS")
def test_a_batch_that_memory_lacks_is_an_error(table, tmp_path):
    (script := tmp_path / "large.py").write_text(LARGE)
    done = subprocess.run([sys.executable, str(script), str(tmp_path / "0.jpg")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("no memory for the pixels of 160 images of 6000x6000") == 3


FULL = """
import json, resource, sys
from pathlib import Path
import impasto

def manifest(file):
    data = impasto.sources.Sequence([(b"no image", "a" * 40), *[(sys.argv[2], "b")] * 9])
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=None)
    loader = impasto.Loader(data, recipe, batch_size=10, on_error="replace", budget=1, manifest=file, workers=1)
    told = []
    for _ in range(4):
        try:
            list(loader)
        except impasto.SourceError as error:
            told.append(str(error))
    return told

def index(shard):
    return len(impasto.sources.WebDataset(shard))

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
print(json.dumps({"manifest": manifest, "index": index}[sys.argv[1]](sys.argv[3])))
"""


def full(tmp_path, what, image, target, limit):
    script = tmp_path / "full.py"
    script.write_text(FULL)
    command = [sys.executable, str(script), what, str(image), str(target), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_disk_that_is_full_ends_a_run_with_a_whole_manifest(table, tmp_path):
    """A line takes about 250 bytes: the third doesn't fit, and what fits of it is taken back."""
    manifest = tmp_path / "bad.jsonl"
    told = full(tmp_path, "manifest", tmp_path / "3.jpg", manifest, 600)
    assert told and all("manifest" in one and "give another manifest=FILE" in one for one in told)
    assert all("File too large" in one for one in told)  # a limit of the process, and no full disk
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert len(lines) == 4 - len(told) and manifest.read_text().endswith("\n")
    assert not full(tmp_path, "manifest", tmp_path / "3.jpg", manifest, 10**6)  # goes on where there is room
    assert len([json.loads(line) for line in manifest.read_text().splitlines()]) == len(lines) + 4


@pytest.mark.parametrize("why", [errno.EFBIG, errno.ENOSPC, errno.EDQUOT])
def test_why_a_manifest_takes_no_more_is_what_the_system_says(tmp_path, monkeypatch, why):
    """It takes a part, and says why when the rest comes; the part is taken back."""
    bad = BadSamples("replace", manifest=tmp_path / "bad.jsonl")
    bad._write(["whole"])
    write, taken = os.write, []

    def partly(file, text):
        if taken:
            raise OSError(why, os.strerror(why))
        taken.append(write(file, text[:3]))
        return taken[0]

    monkeypatch.setattr(os, "write", partly)
    with pytest.raises(SourceError, match=re.escape(os.strerror(why))):
        bad._write(["too much"])
    assert taken == [3] and (tmp_path / "bad.jsonl").read_text() == "whole\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_manifest_that_is_a_device_is_refused_at_once():
    with pytest.raises(SourceError, match="device"):
        BadSamples("replace", manifest="/dev/full")


def test_an_index_that_cannot_be_kept_is_not_kept_in_part(table, tmp_path, encode):
    from impasto.jobs import ShardWriter

    writer = ShardWriter(tmp_path, "shard", 100)
    for number in range(40):
        writer.write(f"{number:04}", {"jpg": (tmp_path / f"{number}.jpg").read_bytes(), "txt": b"a caption"})
    writer.close()
    shard = tmp_path / "shard-00000.tar"
    assert full(tmp_path, "index", "", shard, 500) == 40
    assert not list(tmp_path.glob("*impasto-index*"))
    assert len(WebDataset(str(shard))) == 40
    (kept,) = tmp_path.glob("*impasto-index*")
    assert kept.name == "shard-00000.tar.impasto-index" and kept.stat().st_size > 500


def test_replacing_is_told_seldom(pairs, caplog):
    rows = [(b"no image" if number % 2 else str(path), captions) for number, (path, captions) in enumerate(pairs)]
    loader = Loader(Sequence(rows), RECIPE, batch_size=1, on_error="replace", budget=1, manifest=None, shuffle=False)
    list(loader)
    assert loader.replaced == 30
    assert [message.split(" samples")[0] for message in caplog.messages] == [
        f"{count} of {2 * count}" for count in (1, 2, 4, 8, 16)
    ]


SIGNALS = """
import hashlib, json, os, signal, sys, time
from pathlib import Path
import impasto, impasto.loading.loader
from impasto.streams import stream

FILES = [str(file) for file in sorted(Path(sys.argv[1]).glob("*.jpg"))]

def loader(processes):
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=64), text=impasto.TextRecipe(tokenizer=None))
    data = impasto.sources.Sequence([(file, "a caption") for file in FILES])
    return impasto.Loader(data, recipe, batch_size=1, workers=2, processes=processes, seed=1)

def digests(processes):
    return [hashlib.sha256(batch.images.numpy().tobytes()).hexdigest() for batch in loader(processes)]

def child(processes):
    # A group of its own, as a shell gives a command: Ctrl-C goes to all of it.
    os.setsid()
    os.close(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made = loader(processes)
    while True:
        for batch in made:
            time.sleep(0.001)

def group_is_gone(group):
    deadline = time.monotonic() + 30  # a worker asks after its parent every second
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False

def ends(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    return None

def trial(number):
    processes, kind = bool(number % 2), ("INT", "TERM", "KILL")[number // 2 % 3]
    group = os.fork()
    if group == 0:
        child(processes)
    delay = float(stream(5, "signal", number).random()) * 0.6
    time.sleep(0.05 + delay)
    if kind == "INT":
        os.killpg(group, signal.SIGINT)
    else:
        os.kill(group, getattr(signal, f"SIG{kind}"))
    code = ends(group)
    told = {"processes": processes, "kind": kind, "delay": delay, "code": code, "gone": group_is_gone(group)}
    if not told["gone"] or code is None:
        os.killpg(group, signal.SIGKILL)
    return told

def main():
    trials = []
    for number in range(int(sys.argv[2])):
        try:
            trials.append(trial(number))
        except KeyboardInterrupt:
            sys.exit(1)  # a child's: told by its exit status
    left = [file.name for file in Path("/dev/shm").iterdir() if file.name.startswith("torch_")]
    mine = [name for name in left if not Path(f"/proc/{name.split('_')[1]}").exists()]
    print(json.dumps({"trials": trials, "left": mine, "same": digests(False) == digests(True)}))

if __name__ == "__main__":
    main()
"""


def at_any_moment(tmp_path, folder, trials):
    script = tmp_path / "signals.py"
    script.write_text(SIGNALS)
    done = subprocess.run([sys.executable, str(script), str(folder), str(trials)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["trials"]) == trials
    for one in told["trials"]:
        assert one["gone"], one
        assert one["code"] in {"INT": (1, -2, 130), "TERM": (-15,), "KILL": (-9,)}[one["kind"]], one
    assert not told["left"] and told["same"]


@pytest.mark.slow
def test_a_signal_at_any_moment_leaves_nothing(tmp_path, pairs):
    """Ctrl-C, SIGTERM and SIGKILL, to threads and to worker processes: no orphan, no shared memory, a clean start."""
    at_any_moment(tmp_path, pairs[0][0].parent, 6)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_signals_leave_nothing(tmp_path, pairs):
    at_any_moment(tmp_path, pairs[0][0].parent, 102)
