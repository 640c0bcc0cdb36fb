"""The guide says what the evidence says, and that nothing was run where nothing was."""

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
    module = importlib.import_module("style_guide")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    return module


def _keep(folder: Path, name: str, scores: dict[str, list[float]], metric: str, size: str = "small") -> None:
    measured = [
        {"arm": arm, "seed": seed, metric: value, "last loss": 0.5}
        for arm, values in scores.items()
        for seed, value in enumerate(values)
    ]
    settings = {"train": 2000, "steps": 1500, "batch_size": 64}
    document = {"experiment": name, "size": size, "measured": measured, "settings": settings}
    (folder / f"{name}-{size}.json").write_text(json.dumps(document), encoding="utf-8")


def test_nothing_is_said_without_evidence(guide: ModuleType, tmp_path: Path) -> None:
    _keep(tmp_path, "stl10", {"none": [1.0], "style": [50.0]}, "shifted", size="smoke")
    for write in guide.TABLES.values():
        assert "not run" in (said := write()) and "+49" not in said


def test_words_follow_the_intervals(guide: ModuleType, tmp_path: Path) -> None:
    scores = {
        "none": [30.0, 31.0, 32.0],
        "style": [40.0, 41.0, 42.0],
        "traditional": [45.0, 46.0, 47.5],
        "both": [45.0, 46.5, 47.0],
        "mixstyle": [39.0, 42.0, 42.0],
        "pixmix": [35.0, 36.0, 37.0],
    }
    _keep(tmp_path, "stl10", scores, "shifted")
    said = next(line for line in guide.recommendations().splitlines() if line.startswith("- **naming images**"))
    assert "style helps: +10.0 (+10.0 to +10.0) points over no augmentation" in said
    assert "can't be told from nothing" in said  # both - traditional is 0, 0.5, -0.5
    assert "cheaper and better: `traditional`;" in said and "not told apart from it: `mixstyle`" in said
    assert "2,000 images, 1,500 steps of 64" in said and "`benches/results/stl10-small.json`" in said
    assert "| naming images | `pixmix` | -5.0 (-5.0 to -5.0) | worse |" in guide.rivals()


def test_one_pair_recommends_nothing(guide: ModuleType, tmp_path: Path) -> None:
    scores = {"none": [30.0], "style": [50.0], "traditional": [45.0], "both": [55.0]}
    _keep(tmp_path, "stl10", scores, "shifted")
    said = next(line for line in guide.recommendations().splitlines() if line.startswith("- **naming images**"))
    assert "one pair, which shows nothing: style +20.0 points" in said and "top of" not in said
    _keep(
        tmp_path, "style-search", {"none": [30.0], "alpha-0": [31.0], "alpha-0.5": [50.0], "alpha-1": [45.0]}, "shifted"
    )
    assert "Take" not in (said := guide.alphas()) and "0.5 came out best" in said


def test_an_arm_that_was_still_learning_is_marked(guide: ModuleType, tmp_path: Path) -> None:
    """By what it knows of the source: 15 points behind the plain arm, and not 5."""
    scores = {"none": (60.0, 80.0), "style": (65.0, 75.0), "color": (40.0, 79.0), "both": (50.0, 65.0)}
    measured = [
        {"arm": arm, "seed": seed, "mAP target": target + seed * ours, "mAP source": source}
        for arm, (target, source) in scores.items()
        for seed, ours in enumerate((0.0, 1.0, 0.5))
    ]
    settings = {"images": 1000, "steps": 1200, "batch_size": 16}
    document = {"experiment": "detection", "size": "small", "measured": measured, "settings": settings}
    (tmp_path / "detection.json").write_text(json.dumps(document), encoding="utf-8")
    row = next(line for line in guide.gains().splitlines() if line.startswith("| detection"))
    assert ["†" in cell for cell in row.split("|")[3:7]] == [False, False, True, True]
    said = next(line for line in guide.recommendations().splitlines() if line.startswith("- **detection**"))
    assert "arms of color were still learning" in said


def test_geometry_is_not_taken_for_style(guide: ModuleType, tmp_path: Path) -> None:
    """Where color was run without geometry, both is ahead or behind by both; with both of them, by style alone."""
    scores = {"none": [30.0, 31.0], "style": [40.0, 41.0], "color": [50.0, 51.0], "both": [40.0, 41.0]}
    for arms, said, difference in (
        (scores, "style and geometry together hurt on top of color: -10.0", "-10.0"),
        (scores | {"traditional": [35.0, 36.0]}, "add it to color and geometry: +5.0", "+5.0"),
    ):
        _keep(tmp_path, "detection", arms, "mAP target")
        line = next(line for line in guide.recommendations().splitlines() if line.startswith("- **detection**"))
        assert said in line
        row = next(line for line in guide.gains().splitlines() if line.startswith("| detection"))
        assert row.split("|")[5].split()[0] == difference


def test_the_least_that_is_as_good_is_taken(guide: ModuleType, tmp_path: Path) -> None:
    """Of ratios in the order of what they restyle, not of their names."""
    scores = {
        "none": [30.0, 31.0, 32.0],
        "ratio-16-1": [30.0, 31.5, 32.0],
        "ratio-4-1": [39.0, 42.5, 40.5],
        "ratio-1-2": [40.0, 41.0, 42.0],
        "ratio-1-16": [20.0, 21.0, 22.0],
        "alpha-0": [30.0, 31.0, 32.0],
        "alpha-0.5": [40.0, 41.0, 42.5],
    }
    _keep(tmp_path, "style-search", scores, "shifted")
    ratios, alphas = guide.ratios(), guide.alphas()
    told = "the least that is not told apart from the best, 1:2 (less than 5.0 points would not be seen; small"
    assert ratios.startswith(f"Take 4:1: {told}")
    assert [line.split("|")[1].strip() for line in ratios.splitlines()[4:]] == ["16:1", "4:1", "1:2", "1:16"]
    assert alphas.startswith("Take 0.5: the best, and none that is less is as good")


def test_the_fuller_run_counts(guide: ModuleType, tmp_path: Path) -> None:
    for size, gain in (("small", 5.0), ("full", 9.0)):
        scores = {"none": [30.0, 31.0], "style": [30.0 + gain, 31.0 + gain]}
        _keep(tmp_path, "stl10", scores, "shifted", size=size)
    assert "+9.0" in guide.gains() and "+5.0" not in guide.gains()
