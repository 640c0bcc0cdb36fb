"""One run at a time in a folder: others are told who works there, and what a dead one left is taken over."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import impasto
from impasto.jobs import StylizeSettings, stylize_data
from impasto.jobs.running.claim import RUNNING, claimed
from impasto.style import StyleRandomizer

_HOLDER = """\
import sys
from pathlib import Path
from impasto.jobs.running.claim import claimed

with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that works in the folder until it is killed, or its standard input ends."""
    command = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_who_works_there_is_told(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    who = json.loads((tmp_path / RUNNING).read_text())
    assert (who["pid"], who["host"]) == (holder.pid, socket.gethostname())
    told = f"process {holder.pid} on {who['host']}, since {who['since']}, works in this folder; wait"
    with pytest.raises(impasto.JobError, match=told.replace("+", r"\+")) as caught, claimed(tmp_path):
        pass
    assert caught.value.path == str(tmp_path / RUNNING)
    holder.communicate()
    with claimed(tmp_path):
        assert json.loads((tmp_path / RUNNING).read_text())["pid"] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_taken_over(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    assert json.loads((tmp_path / RUNNING).read_text())["pid"] == holder.pid
    with claimed(tmp_path):
        assert json.loads((tmp_path / RUNNING).read_text())["pid"] == os.getpid()
    assert not list(tmp_path.iterdir())


def test_of_another_machine_nothing_is_known(tmp_path: Path) -> None:
    who = {"pid": 1, "host": "elsewhere", "since": "2024-01-01T00:00:00+00:00"}
    (tmp_path / RUNNING).write_text(json.dumps(who))
    with pytest.raises(impasto.JobError, match=r"process 1 on elsewhere, since .* remove this file"), claimed(tmp_path):
        pass
    assert json.loads((tmp_path / RUNNING).read_text()) == who


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', "\xff"])
def test_a_damaged_note_of_nobody_is_no_obstacle(content: str, tmp_path: Path) -> None:
    (tmp_path / RUNNING).write_text(content, encoding="latin-1")
    with claimed(tmp_path):
        assert json.loads((tmp_path / RUNNING).read_text())["pid"] == os.getpid()


def test_a_job_is_alone_in_its_folder(
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Callable[..., StylizeSettings],
) -> None:
    def second(done: int, total: int) -> None:
        with pytest.raises(impasto.JobError, match=f"process {os.getpid()} on "):
            stylize_data(data, tmp_path, randomizer, settings())

    stylize_data(data, tmp_path, randomizer, settings(), progress=second)
    assert not (tmp_path / RUNNING).exists()
