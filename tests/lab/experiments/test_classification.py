"""The classification experiments at smoke size, and what makes their arms different."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import Loader, RecipeError, SourceError
from impasto_lab.experiments import Place, registry
from impasto_lab.experiments.classification.arms import ARMS, CORE, FURTHER, SEARCH, recipe
from impasto_lab.experiments.classification.measure import histogram_scores
from impasto_lab.experiments.classification.running import mixture
from impasto_lab.experiments.classification.settings import Stl10Settings
from impasto_lab.experiments.classification.stl10_data import Stl10Data, prepare
from impasto_lab.experiments.classification.style_search import EXPERIMENT as SEARCHED
from impasto_lab.experiments.runner import reproduce


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stl10")
    reproduce(registry.find("stl10"), root, size="smoke", arms=("none", "both", "mixstyle"), device="cpu")
    return root


def test_arms_run_and_leave_evidence_and_a_page(folder: Path) -> None:
    evidence = json.loads((folder / "results.json").read_text())
    found = {row["arm"]: row for row in evidence["measured"]}
    assert set(found) == {"none", "both", "mixstyle"}
    kinds = {"source", "no shortcut", "shifted", "cue conflict", "shape bias", "last loss"}
    assert kinds <= set(found["both"]) and "histogram, source" in found["none"]
    assert all(0 <= row[kind] <= 100 for row in found.values() for kind in kinds - {"last loss"})
    assert [row["claim"] for row in evidence["verdicts"]] == []  # no claim is on these two alone
    counts = json.loads((folder / "both-0" / "confusion.json").read_text())["counts"]
    assert np.sum(counts, axis=1).tolist() == [2] * 10
    page = (folder / "report.html").read_text()
    assert "learning curves, shifted" in page and "smallest difference" in page
    assert (folder / "learning-curves-shifted.png").read_bytes().startswith(b"\x89PNG")


def test_copies_are_made_for_the_arms_that_were_asked_for(folder: Path) -> None:
    assert [path.name for path in (folder / "copies").iterdir()] == ["styled"]


def test_copies_are_the_images_in_other_colors(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke())
    plain, styled = data.train(), data.copies("styled")
    assert len(styled) == len(plain)
    for row in range(0, 40, 7):
        one, other = plain.find(row)[0].label(0), styled.find(row)[0].label(0)
        assert one == other
        # Edges stay about where they were.
        edges = [np.abs(np.diff(source.pixels(row).mean(axis=2), axis=0)).ravel() for source in (plain, styled)]
        assert np.corrcoef(*edges)[0, 1] > 0.2
        assert np.abs(plain.pixels(row).astype(int) - styled.pixels(row)).mean() > 2


def test_a_batch_has_the_arms_share_of_copies(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke())
    arm = replace(CORE["style"], ratio=(1, 3))
    loader = Loader(mixture(arm, data), recipe(arm, 32), batch_size=40, seed=1)
    (batch,) = list(loader)
    assert sum(int(sample) >= 40 for sample in batch.samples) == 30


def test_arms_have_names_in_the_experiments() -> None:
    stl10 = registry.find("stl10")
    assert (stl10.arms, stl10.further) == (tuple(CORE), tuple(FURTHER))
    assert SEARCHED.arms == tuple(SEARCH) and len({arm.folder for arm in SEARCH.values()}) == 7
    assert len(stl10.pieces("small", ("all",))) == 6 * len(CORE | FURTHER)
    assert len(stl10.pieces("small")) == 6 * len(CORE)
    with pytest.raises(RecipeError, match="stands alone"):
        stl10.pieces("small", ("all", "none"))
    with pytest.raises(RecipeError, match="arm='cutout' is not known"):
        stl10.pieces("small", ("cutout",))
    assert set(ARMS) == set(CORE) | set(FURTHER) | set(SEARCH)


def test_colors_change_only_where_an_arm_says_so(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke()).train()
    first = [Loader(data, recipe(CORE[name], 32), batch_size=40, seed=0) for name in ("none", "none", "traditional")]
    one, same, jittered = (next(iter(loader)).images for loader in first)
    assert torch.equal(one, same) and not torch.allclose(one.mean(dim=(2, 3)), jittered.mean(dim=(2, 3)), atol=0.3)


def test_the_real_data_are_asked_for_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="acoates"):
        prepare(Stl10Settings.full(), Place(shared=tmp_path, folder=tmp_path), list(CORE.values()))


def test_the_histogram_classifier_sees_the_shortcut_alone(tmp_path: Path) -> None:
    """With rho 1 colors say all, on the source; where they are drawn, nothing."""
    settings = replace(Stl10Settings.smoke(), train=200, test=100, rho=1.0)
    prepare(settings, Place(shared=tmp_path, folder=tmp_path), [])
    found = histogram_scores(Stl10Data(tmp_path, settings), ["source", "shifted"])
    assert found["histogram, source"] > 90 and found["histogram, shifted"] < 35
