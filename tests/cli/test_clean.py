"""`impasto clean`: what it writes and says, and its list where data sets are opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto.cli import main


@pytest.fixture
def table(pairs: list[tuple[Path, list[str]]], encode: Callable[..., bytes], tmp_path: Path) -> Path:
    """Four pictures, a white one among them, and one that is there twice."""
    (tmp_path / "white.png").write_bytes(encode(np.full((50, 50, 3), 255, np.uint8), "PNG"))
    paths = [*(path for path, _ in pairs[1:4]), pairs[1][0].read_bytes(), tmp_path / "white.png"]
    (tmp_path / "again.jpg").write_bytes(paths[3])
    paths[3] = tmp_path / "again.jpg"
    lines = [f"{path},picture of {number}" for number, path in enumerate(paths)]
    (tmp_path / "table.csv").write_text("\n".join(["filepath,title", *lines]), encoding="utf-8")
    return tmp_path / "table.csv"


def test_what_it_writes_and_says(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["clean", str(table), str(tmp_path / "out"), "--max-aspect", "9"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "3 of 5 rows stay" in told and "near-blank image" in told and "duplicate image" in told
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("job.json", "keep.jsonl", "left_out.jsonl", "report.html", "report.json"),
        *("pictures-00000.json", "pictures-00000.npz"),
    }
    assert main([*words, "--json", "-", "--ignore", "near-blank image", "--distance", "3"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kept"] == 4 and document["settings"]["distance"] == 3
    assert main(["info", str(table), "--keep", str(tmp_path / "out" / "keep.jsonl"), "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["rows"] == 4 and document["left_out"] == {"not on the keep-list": 1} and document["images"] == 4


def test_what_makes_no_sense(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", str(table), str(tmp_path / "out"), "--ignore", "ugly"]) == 1
    assert "ignore='ugly' is no flag; there are bad row, " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["clean", str(table), str(tmp_path)]) == 1
    assert "holds something else than a job's data" in capsys.readouterr().err
