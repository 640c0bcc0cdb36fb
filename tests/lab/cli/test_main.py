"""The command line as a whole: help, errors, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import impasto.cli
from impasto import errors
from impasto.cli import main, output

VERBS = [["demo"], ["info"], ["bench"], ["bench", "loader"], ["world"], ["world", "scenes"]]


@pytest.mark.parametrize("verb", [[], *VERBS], ids=" ".join)
def test_help_has_an_example(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*verb, "--help"])
    help_text = capsys.readouterr().out
    example = help_text.partition("example")[2]
    assert " ".join(["impasto", *verb]) in example


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"impasto {impasto.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["paint"], ["world", "scenes", "out", "--size", "huge"], ["info"]])
def test_a_wrong_command_line_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage:" in capsys.readouterr().err


def test_an_error_of_ours_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("not a world", encoding="utf-8")
    assert main(["world", "scenes", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"impasto: SourceError: {tmp_path}: ")
    assert error.count("\n") == 1


def test_another_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto_lab.worlds.render_scenes", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["world", "scenes", "out"])


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("impasto_lab.worlds.render_scenes", interrupted)
    assert main(["world", "scenes", "out"]) == 130
    assert capsys.readouterr().err == "impasto: interrupted\n"


def test_json_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceError, match="cannot be written"):
        output.write_json({}, str(tmp_path / "missing" / "file.json"))


def test_json_to_a_file(tmp_path: Path) -> None:
    output.write_json({"rows": [1]}, str(tmp_path / "file.json"))
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == {"rows": [1]}
