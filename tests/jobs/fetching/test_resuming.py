"""Stopped at any moment and gone on with; dead links tried again; no half shard is ever taken for whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import impasto
from impasto.jobs import FetchSettings, fetch, verify

Settings = Callable[..., FetchSettings]
Lists = Callable[..., Path]


def _bytes(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.suffix in (".tar", ".parquet")}


def _statuses(out: Path) -> list[str]:
    tables = [pyarrow.parquet.read_table(path) for path in sorted(out.glob("*.parquet"))]
    return [record["reason"] or "ok" for table in tables for record in table.to_pylist()]


def test_an_interrupt_keeps_what_is_done(site: Any, settings: Settings, write_list: Lists, tmp_path: Path) -> None:
    listed, out = write_list([site.url(f"{row}.jpg") for row in range(30)]), tmp_path / "out"
    whole = fetch(listed, tmp_path / "whole", settings())

    def interrupt(done: int, total: int) -> None:
        if done >= 10 and (out / "00000_stats.json").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="pieces are kept in"):
        fetch(listed, out, settings(), progress=interrupt)
    assert [problem.kind for problem in verify(out).problems] == ["unfinished job"]
    kept = (out / "00000.tar").stat().st_mtime_ns
    site.asked.clear()
    told: list[tuple[int, int]] = []
    done = fetch(listed, out, settings(), progress=lambda *at: told.append(at))
    assert done.done_before >= 1 and done.images == whole.images == 30
    assert (out / "00000.tar").stat().st_mtime_ns == kept and not site.asked["3.jpg"]
    assert told[0][0] >= 10 and told[-1] == (30, 30)
    assert _bytes(out) == _bytes(tmp_path / "whole")
    site.asked.clear()
    assert fetch(listed, out, settings()).done_before == 3 and not site.asked
    assert verify(out).ok


_SCRIPT = """\
import signal, sys
from impasto.jobs import FetchSettings, fetch
signal.signal(signal.SIGINT, signal.default_int_handler)
fetch(sys.argv[1], sys.argv[2], FetchSettings(allow_private=True, shard_size=10, per_host=3))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_stopped(
    how: signal.Signals, site: Any, settings: Settings, write_list: Lists, tmp_path: Path
) -> None:
    listed, out = write_list([site.url(f"{row}.jpg") for row in range(40)]), tmp_path / "out"
    last = {f"{row}.jpg" for row in range(30, 40)}  # slow enough for the stop to come before their shard is whole
    site.delay = lambda path: 5.0 if path.rpartition("/")[2] in last else 0.03
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(listed), str(out)], stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while not (out / "00001.tar").exists() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(how)
    error = process.communicate()[1]
    assert process.returncode in (-how, 128 + how), error
    assert ("Traceback" in error) == (how == signal.SIGINT)
    assert not (out / "00003.tar").exists()
    site.delay, before = (lambda path: 0.0), _bytes(out)
    done = fetch(listed, out, settings())
    assert done.images == 40 and _statuses(out) == ["ok"] * 40
    assert all(_bytes(out)[name] == content for name, content in before.items())
    assert {path.suffix for path in out.iterdir()} == {".tar", ".parquet", ".json", ".jsonl"}


@pytest.mark.slow
def test_a_kill_at_every_step_of_writing(
    site: Any, settings: Settings, write_list: Lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a shard that is written again: what was there stays, or what is new is whole; nothing is lost that lived."""
    listed, out = write_list([site.url("1.jpg"), site.url("forbidden.jpg")]), tmp_path / "out"
    fetch(listed, out, settings())
    real, steps = {"replace": Path.replace, "unlink": Path.unlink, "rmdir": Path.rmdir}, []

    class Killed(BaseException):
        """Nothing runs behind it."""

    def breaking(name: str, at: int) -> Callable[..., Any]:
        def step(self: Path, *arguments: Any, **options: Any) -> Any:
            if ".shard" in str(self.parent) or (name == "unlink" and self.suffix == ".json") or name == "rmdir":
                steps.append(name)
                if len(steps) > at:
                    raise Killed
            return real[name](self, *arguments, **options)

        return step

    for at in range(20):
        steps.clear()
        with monkeypatch.context() as patch:
            for name in real:
                patch.setattr(Path, name, breaking(name, at))
            try:
                fetch(listed, out, settings(), retry_failed=True)
            except (Killed, impasto.ImpastoError):
                pass
            else:
                break
        site.asked.clear()
        done = fetch(listed, out, settings())  # whatever the moment, the next run finds it whole
        assert done.images == 1 and _statuses(out) == ["ok", "HTTP 403"]
        assert not site.asked["1.jpg"]
    assert at >= 5 and not list(out.glob("*.shard*"))


def test_dead_links_are_tried_again(site: Any, settings: Settings, write_list: Lists, tmp_path: Path) -> None:
    paths = ["once-503.jpg", "1.jpg", "gone.jpg", *(f"{row}.jpg" for row in range(2, 25)), "once-503.jpg", "gone.jpg"]
    listed, out = write_list([site.url(path) for path in paths]), tmp_path / "out"
    first = fetch(listed, out, settings(retries=0))
    assert first.reasons == {"HTTP 404": 2, "HTTP 503": 2}
    before, times = _bytes(out), {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    asked = site.asked.copy()
    told: list[tuple[int, int]] = []
    again = fetch(listed, out, settings(retries=0), retry_failed=True, progress=lambda *at: told.append(at))
    assert site.asked - asked == {"once-503.jpg": 1, "gone.jpg": 1, "robots.txt": 1}
    assert (again.reasons, again.images) == ({"HTTP 404": 2}, first.images + 2)
    assert told[-1] == (28, 28)
    assert (out / "00001.tar").stat().st_mtime_ns == times["00001.tar"]
    lines = (out / "failed.jsonl").read_text().splitlines()
    assert [json.loads(line)["row"] for line in lines] == [2, 27]
    # It is what it had been if all had been well at once.
    site.asked.clear()
    site.asked["once-503.jpg"] = 1
    fetch(listed, tmp_path / "whole", settings(retries=0))
    assert _bytes(out) == _bytes(tmp_path / "whole") != before


def test_another_job_is_refused(site: Any, settings: Settings, write_list: Lists, tmp_path: Path) -> None:
    listed, out = write_list([site.url("1.jpg"), site.url("2.jpg")]), tmp_path / "out"
    fetch(listed, out, settings())
    with pytest.raises(impasto.RecipeError, match="size was None and is 9"):
        fetch(listed, out, settings(size=9))
    with pytest.raises(impasto.RecipeError, match="list have other pairs"):
        fetch(write_list([site.url("1.jpg"), site.url("3.jpg")]), out, settings())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(impasto.SourceError, match="something else than a job's data"):
        fetch(listed, tmp_path / "full", settings())


@pytest.mark.parametrize("name", ["00000.tar", "00000.parquet"])
def test_a_damaged_shard_is_named_with_the_remedy(
    name: str, site: Any, settings: Settings, write_list: Lists, tmp_path: Path
) -> None:
    listed, out = write_list([site.url("1.jpg"), site.url("gone.jpg")]), tmp_path / "out"
    fetch(listed, out, settings())
    (out / name).write_bytes((out / name).read_bytes()[:100])
    with pytest.raises(impasto.SourceError, match=r"remove this file and run again") as caught:
        fetch(listed, out, settings(), retry_failed=True)
    assert caught.value.path == str(out / name)
    (out / name).unlink()
    assert fetch(listed, out, settings()).images == 1


def test_a_disk_that_is_full_stops_it_whole(site: Any, settings: Settings, write_list: Lists, tmp_path: Path) -> None:
    listed, out = write_list([site.url(f"{row}.jpg") for row in range(30)]), tmp_path / "out"
    script = _SCRIPT.replace("import signal, sys", "import resource, signal, sys").replace(
        "fetch(sys",
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\nfetch(sys",
    )
    process = subprocess.run([sys.executable, "-c", script, str(listed), str(out)], capture_output=True, text=True)
    assert process.returncode == 1 and "the shards can't be written" in process.stderr, process.stderr
    assert not list(out.glob("*.tar"))
    assert fetch(listed, out, settings()).images == 30


def test_a_list_that_becomes_shorter_meanwhile(
    site: Any, settings: Settings, write_list: Lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = write_list([site.url(f"{row}.jpg") for row in range(30)])
    claim = impasto.jobs.Job._claim
    monkeypatch.setattr(
        impasto.jobs.Job,
        "_claim",
        lambda job, held: (claim(job, held), os.truncate(listed, listed.stat().st_size // 2))[0],
    )
    with pytest.raises(impasto.SourceError, match="became shorter"):
        fetch(listed, tmp_path / "out", settings())


def test_this_machines_own_limits_are_no_dead_links(
    site: Any, settings: Settings, write_list: Lists, tmp_path: Path
) -> None:
    site.delay = lambda path: 1.0
    listed, out = write_list([site.url(f"{row}.jpg") for row in range(60)]), tmp_path / "out"
    script = _SCRIPT.replace("import signal, sys", "import resource, signal, sys").replace(
        "fetch(sys", "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\nfetch(sys"
    )
    script = script.replace("per_host=3", "per_host=60").replace("shard_size=10", "shard_size=60")
    process = subprocess.run(
        [sys.executable, "-c", script, str(listed), str(out)],
        capture_output=True,
        text=True,
    )
    assert process.returncode == 1 and "too many files are open" in process.stderr, process.stderr
    assert not list(out.glob("*.tar"))
    site.delay = lambda path: 0.0
    assert fetch(listed, out, settings(shard_size=60)).images == 60
