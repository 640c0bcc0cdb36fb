"""`impasto pack` and `impasto verify`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto.cli import main

Pairs = list[tuple[Path, list[str]]]


def test_a_folder_is_packed_and_verified(pairs: Pairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = str(pairs[0][0].parent), str(tmp_path / "packed")
    flags = ["--short-side", "64", "--shard-size", "25", "--restart-rows", "1"]
    assert main(["pack", folder, out, *flags]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("60 samples (") and "shrunk" in told and f"{out}/packed-{{00000..00002}}.tar" in told
    assert main(["pack", folder, out, *flags, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["done_before"] == 3
    assert main(["verify", out]) == 0
    assert "60 samples" in (told := capsys.readouterr().out) and "nothing is wrong" in told
    Path(out, "packed-00001.tar").unlink()
    assert main(["verify", out, "--no-decode", "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [problem["kind"] for problem in found["problems"]] == ["missing shard"] and not found["decoded"]
    assert main(["verify", out]) == 1
    assert "packed-00001.tar" in capsys.readouterr().out


def test_bad_samples(pairs: Pairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for number, (path, _) in enumerate(pairs[:3]):
        (tmp_path / "in" / path.name).write_bytes(path.read_bytes()[: 200 if number == 1 else None])
    words = ["pack", str(tmp_path / "in"), str(tmp_path / "out")]
    assert main(words) == 1
    assert "TruncatedImageError" in capsys.readouterr().err
    assert main([*words, "--skip-bad"]) == 0
    assert "1 could not be used, see" in " ".join(capsys.readouterr().out.split())
    assert main([*words, "--short-side", "8"]) == 1
    assert "short_side was None and is 8" in capsys.readouterr().err
