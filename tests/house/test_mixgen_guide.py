"""The guide to MixGen says what the evidence says, and that nothing was run where nothing was."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

CI = Path(__file__).parents[2] / ".ci"


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CI))
    monkeypatch.setattr(importlib.import_module("style_guide"), "RESULTS", tmp_path)
    return importlib.import_module("mixgen_guide")


def _keep(folder: Path, name: str, scores: dict[str, dict[str, list[float]]], size: str = "small") -> None:
    """Evidence by arm, metric and seed."""
    measured = [
        {"arm": arm, "seed": seed, **{metric: values[seed] for metric, values in metrics.items()}}
        for arm, metrics in scores.items()
        for seed in range(len(next(iter(metrics.values()))))
    ]
    settings = {"training": {"clip": {"steps": 1600, "batch_size": 64}}}
    document = {"experiment": name, "size": size, "measured": measured, "settings": settings}
    (folder / f"{name}-{size}.json").write_text(json.dumps(document), encoding="utf-8")


def test_nothing_is_said_without_evidence(guide: ModuleType, tmp_path: Path) -> None:
    few = {"plain-200": {"RSUM seen": [1.0]}, "mixgen-200": {"RSUM seen": [50.0]}}
    _keep(tmp_path, "figure3", few, size="smoke")
    for write in guide.TABLES.values():
        assert "not run" in (said := write()) and "+49" not in said


def test_words_follow_the_intervals(guide: ModuleType, tmp_path: Path) -> None:
    plain = {"RSUM seen": [200.0, 201.0, 203.0], "RSUM unseen": [100.0, 101.0, 102.0]}
    ahead = {"RSUM seen": [210.0, 211.0, 213.0], "RSUM unseen": [100.5, 100.5, 102.0]}
    behind = {"RSUM seen": [190.0, 191.0, 193.0], "RSUM unseen": [100.5, 100.5, 102.0]}
    scores = {"plain-200": plain, "mixgen-200": ahead, "plain-1600": plain, "mixgen-1600": behind}
    _keep(tmp_path, "figure3", {**scores, "plain-400": {"RSUM seen": [1.0]}, "mixgen-400": {"RSUM seen": [9.0]}})
    said = dict(line.split("**: ") for line in guide.recommendations().splitlines())
    assert said["- **with 200 images"].startswith("it helps: +10.0 (+10.0 to +10.0) RSUM")
    assert said["- **with 1,600 images"].startswith("it harms: -10.0")
    assert said["- **with 400 images"].startswith("one pair, which shows nothing: +8.0")
    assert "1,600 steps of 64; `benches/results/figure3-small.json`" in said["- **with 200 images"]
    row = next(line for line in guide.images().splitlines() if line.startswith("| 200, equal epochs"))
    assert row == "| 200, equal epochs | +10.0 (+10.0 to +10.0) | +0.0 (-1.2 to +1.2) | 3 |"


def test_rivals_are_compared_with_mixgen(guide: ModuleType, tmp_path: Path) -> None:
    scores = {"mixgen": {"RSUM seen": [200.0, 200.0]}, "joined-by-and": {"RSUM seen": [203.0, 205.0]}}
    _keep(tmp_path, "rivals", scores)
    row = next(line for line in guide.rivals().splitlines() if 'joined by "and"' in line)
    assert "| +4.0 " in row and row.endswith("| 2 |")
    _keep(tmp_path, "rivals", {**scores, "mixgen-short-fit": {"RSUM seen": [190.0, 194.0]}})
    rows = [line for line in guide.short().splitlines() if line.startswith("| ")]
    assert "not run" in rows[2] and rows[-1].startswith('| partners that fit, `pairing="fit"` | -8.0 ')


def test_both_arms_stand_beside_each_other(guide: ModuleType, tmp_path: Path) -> None:
    tables = importlib.import_module("representing_tables")
    assert all("not run" in write() for write in tables.TABLES.values())
    scores = {"plain-clip": {"alignment": [0.5, 0.75], "RSUM seen": [10.0, 20.0]}}
    scores["mixgen-clip"] = {"alignment": [0.25, 0.5], "RSUM seen": [14.0, 20.0]}
    _keep(tmp_path, "representation", scores)
    said = tables.representation()
    assert "| alignment | 0.625 | 0.375 | -0.250 (-0.250 to -0.250) |" in said and "2 pairs" in said
    assert "| RSUM seen | 15.0 | 17.0 | +2.0 (" in said and "named" not in said


def test_what_a_prefilter_costs_is_less_all_pairs(guide: ModuleType, tmp_path: Path) -> None:
    ways = [(None, None, 100.0), ("clip/", None, 200.0), ("clip/", 8, 90.5)]
    searched = [{"by": by, "k": k, "rsum": rsum, "seconds": 2.0} for by, k, rsum in ways]
    document = {"prefiltered": searched, "settings": {"compared": 50}, "machine": {"cpu": "Some CPU"}}
    (tmp_path / "retrieval-some.json").write_text(json.dumps(document))
    (tmp_path / "retrieval-other.json").write_text(json.dumps({"settings": {}}))
    said = importlib.import_module("representing_tables").prefilter().splitlines()
    assert said[2:5] == [
        "| ViLT, all pairs | 100.0 | +0.0 | 2.0 s |",
        "| towers of `clip/` alone | 200.0 | +100.0 | 2.0 s |",
        "| ViLT, 8 candidates of `clip/` | 90.5 | -9.5 | 2.0 s |",
    ]
    assert len(said) == 7 and said[-1].startswith("Some CPU, one core, 50 images")


def test_advice_is_that_of_the_case(guide: ModuleType, tmp_path: Path) -> None:
    arms = {"raw": [60.0, 62.0], "tidied": [10.0, 12.0]}
    _keep(tmp_path, "social", {arm: {"cut": values, "things kept": values} for arm, values in arms.items()})
    said = guide.cases()
    assert "61 % do not fit" in said and "it is 11 %: tidy posts before mixing" in said
    assert "`benches/results/social-small.json`" in said and said.count("not run") == 2
    assert "| `raw` | 61.0 |" in guide.lengths()


def test_tasks_stand_beside_each_other(guide: ModuleType, tmp_path: Path) -> None:
    scores = {"plain-albef": {"val": [27.0, 28.0], "testB": [20.0, 22.0]}}
    scores["mixgen-albef"] = {"val": [27.5, 28.5], "testB": [24.0, 24.0]}
    _keep(tmp_path, "table5", scores)
    rows = {line.split("|")[1].strip(): line for line in guide.tasks().splitlines() if line.startswith("| ")}
    assert rows["RefCOCO+ (val, testA)"].endswith("| +0.5 (+0.5 to +0.5) | not run | 2 |")
    assert rows["RefCOCO+ (testB)"].startswith("| RefCOCO+ (testB) |  | +3.0 (")
    assert rows["VQA"] == "| VQA | not run | not run |  |"
