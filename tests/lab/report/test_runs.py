"""One page for all runs: whatever evidence lies there is on it, and it needs nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from impasto_lab.cli import main

#: Of five pairs; "b" is ahead by its rows' differences.
MEASURED = {"a": [50.0, 52.0, 51.0, 49.0, 55.0], "b": [53.0, 56.0, 52.0, 54.0, 57.0]}


def _evidence(name: str, **changes: object) -> dict[str, object]:
    rows = [{"arm": arm, "seed": seed, "rsum": v} for arm, of in MEASURED.items() for seed, v in enumerate(of)]
    claim = {
        "claim": "rsum: b > a", "word": "agrees", "difference": 3.0, "interval": [1.0, 5.0], "seeds": 5,
        "detectable": 2.0, "means": [51.4, 54.4], "published": {"RSUM COCO": 7.0},
    }  # fmt: skip
    return {
        "experiment": name, "size": "small", "source": "a paper", "published": {"b": {"RSUM COCO": 477.7}},
        "measured": rows, "verdicts": [claim], "settings": {"images": 400}, "machine": {"cpu": "an abacus"},
        "versions": {"torch": "2"}, "command": f"impasto reproduce {name} --size small", **changes,
    }  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for place, name in (("x/one", "figure3"), ("two", "detection")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "results.json").write_text(json.dumps(_evidence(name)))
        Image.fromarray(np.full((9, 9, 3), 200, np.uint8)).save(tmp_path / place / "curves.png")
    (tmp_path / "two" / "report.html").write_text("<p>two</p>")
    # As evidence of earlier versions is kept: by name, with verdicts that have no means.
    old = _evidence("table3", verdicts=[{**_evidence("")["verdicts"][0], "means": None}])  # type: ignore[index]
    del old["verdicts"][0]["published"]  # type: ignore[index]
    (tmp_path / "table3.json").write_text(json.dumps(old))
    (tmp_path / "table3-compared.json").write_text("{}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "results.json").write_text('{"score": "<b>1</b>"}')
    return tmp_path


def test_all_evidence_is_on_one_page(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(runs), "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == ["detection", "figure3", "table3"], "as the registry has them"
    page = Path(told["page"]).read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page), "it opens without a network"
    assert page.count("data:image/png") == 2
    assert 'href="two/report.html"' in page and 'href="x/one/report.html"' not in page
    assert "width=device-width" in page
    assert page.count("RSUM COCO +7") == 2 and page.count("51.4 → 54.4") == 2
    half = stats.sem(MEASURED["b"]) * stats.t.ppf(0.975, 4)
    assert page.count(f'<td class="n">54.4 ± {half:.1f}</td>') == 3
    for known in ("an abacus", "torch 2", "impasto reproduce figure3 --size small", "477.7", "other/results.json"):
        assert known in page
    assert "<b>1</b>" not in page


def test_what_is_no_run_is_named(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for place in (empty, tmp_path / "nowhere"):
        assert main(["report", str(place)]) == 1
        assert str(place) in capsys.readouterr().err
    (runs / "two" / "results.json").write_text("{")
    assert main(["report", str(runs)]) == 1
    assert "two/results.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 100_000, "it can't be read: maximum recursion depth"),
        (json.dumps(_evidence("figure3", measured=[1])), "the evidence isn't as it was written"),
        (json.dumps(_evidence("figure3", machine=None)), "the evidence isn't as it was written"),
        (json.dumps(_evidence([1])), "there is no evidence of any run"),  # type: ignore[arg-type]
    ],
    ids=["nested", "measured", "machine", "experiment"],
)
def test_evidence_that_is_damaged_is_named(
    content: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.json").write_text(content)
    assert main(["report", str(tmp_path)]) == 1
    assert reason in capsys.readouterr().err
