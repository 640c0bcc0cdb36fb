"""A machine that isn't quiet is told, kept beside the figures, and waited for where that was asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from impasto.cli import output
from impasto.errors import RecipeError
from impasto_lab.bench import machine, quiet
from impasto_lab.cli import main
from impasto_lab.cli.bench.waiting import Waiting


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the system says, one after the other and the last for ever, of four cores; sleeping takes no time."""
    found: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(quiet.os, "getloadavg", lambda: (found.pop(0) if len(found) > 1 else found[0], 0, 0))
    monkeypatch.setattr(quiet.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(quiet, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    return found


@pytest.mark.parametrize(("load", "said"), [(0.0, True), (4.0, True), (4.1, False), (None, None)])
def test_what_is_kept_and_told(loads: list[float], load: float | None, said: bool | None) -> None:
    known = {"machine": {}, "versions": {}, "settings": {"seed": 0}, "command": ""}
    kept = machine.Recorded(load=load, **known).circumstances()
    assert (kept["load_average"], kept["quiet"]) == (load, said)
    assert quiet.told(load).startswith(f"load average before: {load}")
    assert ("more than 4 cores: the machine was not quiet" in quiet.told(load)) == (said is False)


def test_it_is_waited_for_and_no_longer(loads: list[float]) -> None:
    loads[:] = [9.0, 8.0, 3.0]
    assert quiet.wait(60) is True and quiet.time.monotonic() == 10
    loads[:] = [9.0]
    assert quiet.wait(12) is False and quiet.time.monotonic() == 22
    assert quiet.wait(0) is False and quiet.time.monotonic() == 22


def test_who_waits_is_told(loads: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    loads[:] = [9.0, 9.0, 2.0]
    Waiting().wait(output.console())
    assert capsys.readouterr().out == ""
    Waiting(wait_quiet=30).wait(output.console())
    assert capsys.readouterr().out == "waiting for a load average of 9.0 to fall to 4, 30 s at most\n"
    with pytest.raises(RecipeError, match="wait_quiet=-1"):
        Waiting(wait_quiet=-1).wait(output.console())


def test_where_there_is_no_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getloadavg", raising=False)
    assert quiet.load() is None and quiet.wait(60) is None


def test_benches_wait_and_tell(loads: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    loads[:] = [9.0]
    sizes = ["--samples", "300", "--workers", "0", "--ranks", "1", "--batch-size", "60", "--wait-quiet", "7"]
    assert main(["bench", "scale", "--quick", *sizes]) == 0
    told = capsys.readouterr().out
    assert "waiting for a load average of 9.0" in told and "the machine was not quiet" in told
    assert quiet.time.monotonic() == 7


def test_the_page_and_the_json_say_so(loads: list[float], tmp_path: Path) -> None:
    loads[:] = [9.0]
    target, page = tmp_path / "loader.json", tmp_path / "loader.html"
    little = ["--images", "8", "--batch-size", "4", "--sizes", "64x48", "--rounds", "1", "--workers", "0"]
    shown = ["--json", str(target), "--page", str(page)]
    assert main(["bench", "loader", *little, "--peers", "pillow", *shown]) == 0
    assert "more than 4 cores: the machine was not quiet" in page.read_text(encoding="utf-8")
    assert json.loads(target.read_text(encoding="utf-8"))["quiet"] is False
