"""The classification experiments at smoke size, and what makes their arms different."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from impasto import DecodeError, Loader, RecipeError, SourceError
from impasto.progress import silent
from impasto.sources import ImageFolder, Sequence
from impasto.style import StyleRandomizer
from impasto_lab.experiments import Piece, Place, registry
from impasto_lab.experiments.classification.arms import ARMS, CORE, FURTHER, SEARCH, Schedule, recipe
from impasto_lab.experiments.classification.cleaning import Cleaning
from impasto_lab.experiments.classification.measure import histogram_scores
from impasto_lab.experiments.classification.page import write_pages
from impasto_lab.experiments.classification.restyling import labels, pixels, restyled
from impasto_lab.experiments.classification.running import training_images
from impasto_lab.experiments.classification.scheduling import scheduled
from impasto_lab.experiments.classification.settings import Stl10Settings
from impasto_lab.experiments.classification.stl10_data import Stl10Data, prepare
from impasto_lab.experiments.classification.style_search import EXPERIMENT as SEARCHED
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.runner import reproduce
from impasto_lab.report.plots import levels_png
from impasto_lab.worlds import Stl10World


def encode_png(image: np.ndarray) -> bytes:
    """An image [H, W, 3] as a file's bytes."""
    file = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(image)).save(file, "PNG")
    return file.getvalue()


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
    assert "learning curves, shifted" in page and "smallest difference" not in page
    assert (folder / "learning-curves-shifted.png").read_bytes().startswith(b"\x89PNG")


def test_what_shows_nothing_is_left_out_before_training(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke())
    cleaning = Cleaning.load(folder)
    noisy = np.flatnonzero(Stl10World(data.world("source"), {"train": 40}).noise("train"))
    assert set(cleaning.removed) == set(noisy) and len(noisy) == 4  # a tenth of 40
    assert len(data.train()) == len(data.copies("styled")) == 36
    for row, kept in enumerate(cleaning.kept):
        assert np.array_equal(pixels(data.train(), row), data.uncleaned().pixels(int(kept)))
    scores = json.loads((folder / "pieces" / "none-0.json").read_text())["metrics"]
    assert scores["noise removed"] == 10 and scores["noise precision"] == scores["noise recall"] == 100
    assert "left out before training: 4 of 40" in (folder / "report.html").read_text()
    assert (folder / "left-out-before-training-4-of-40.png").exists()


def test_precision_and_recall_are_shares_of_the_removed_and_of_the_noise() -> None:
    """Three images of snow and three smooth ones, of which the notes call two snow: 2 of 3 found are right, 2 of 4."""
    rng = np.random.default_rng(0)
    smooth = np.broadcast_to(np.arange(64, dtype=np.uint8)[:, None, None] * 3, (64, 64, 3))
    images = [rng.integers(0, 256, (64, 64, 3), np.uint8) if row % 2 else smooth for row in range(6)]
    source = Sequence([(encode_png(image), str(row)) for row, image in enumerate(images)])
    cleaning = Cleaning.of(source, 0.6, noisy=[True, True, True, True, False, False])
    assert cleaning.removed == (1, 3, 5) and cleaning.kept.tolist() == [0, 2, 4]
    assert cleaning.precision == pytest.approx(2 / 3) and cleaning.recall == pytest.approx(2 / 4)


def test_an_image_that_cant_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "mugs").mkdir()
    (tmp_path / "mugs" / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(DecodeError, match=r"sample 'mugs/broken\.jpg', .*broken\.jpg: not an image"):
        pixels(ImageFolder(tmp_path), 0)


def test_copies_are_made_for_the_arms_that_were_asked_for(folder: Path) -> None:
    assert [path.name for path in (folder / "copies").iterdir()] == ["styled"]


def test_copies_are_the_images_in_other_colors(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke())
    plain, styled = data.train(), data.copies("styled")
    assert len(styled) == len(plain)
    assert labels(plain) == labels(styled)
    for row in range(0, 36, 7):
        # Edges stay about where they were.
        edges = [np.abs(np.diff(pixels(source, row).mean(axis=2), axis=0)).ravel() for source in (plain, styled)]
        assert np.corrcoef(*edges)[0, 1] > 0.2
        assert np.abs(pixels(plain, row).astype(int) - pixels(styled, row)).mean() > 2


def test_each_copy_wears_another_style(folder: Path) -> None:
    few = Stl10Data(folder, Stl10Settings.smoke()).train()[[0, 1]]
    stylize = StyleRandomizer.load(alpha=0.5)
    first, second, again, other = restyled(few, stylize, copies=2, device=torch.device("cpu"), progress=silent)
    assert not np.array_equal(first, again) and not np.array_equal(second, other)


def test_a_batch_has_the_arms_share_of_copies(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke())
    arm = replace(CORE["style"], ratio=(1, 3))
    loader = Loader(training_images(arm, data), recipe(arm, 32), batch_size=36, seed=1)
    (batch,) = list(loader)
    assert sum(int(sample) >= 36 for sample in batch.samples) == 27


@pytest.mark.parametrize(("when", "first", "last"), [("early", 0.5, 0.0), ("late", 0.0, 0.5)])
def test_a_schedule_has_its_copies_in_one_half(when: Schedule, first: float, last: float) -> None:
    settings = replace(Stl10Settings.smoke(), steps=10, batch_size=15, ratio=(3, 1))
    plain, copies = (Sequence([(b"", f"{kind} {row}") for row in range(10)]) for kind in ("plain", "copy"))
    order = scheduled(plain, copies, when, settings, seed=3)
    found = [index.captions(row)[0] for index, row in map(order.find, range(len(order)))]
    restyled = np.array([caption.startswith("copy") for caption in found]).reshape(10, 15)
    counts = restyled.sum(axis=1)
    for part, share in ((counts[:5], first), (counts[5:], last)):
        assert np.abs(part - share * 15).max() <= 0.5 and abs(part.sum() - share * 75) <= 0.5
    assert counts.sum() == pytest.approx(150 / 4, abs=0.5), "as many as with a constant ratio"
    for kind in ("copy", "plain"):
        captions = [caption for caption in found if caption.startswith(kind)]
        assert len(set(captions[:10])) == len(set(captions[10:20])) == 10 and captions[:10] != captions[10:20]


def test_arms_have_names_in_the_experiments() -> None:
    stl10 = registry.find("stl10")
    assert (stl10.arms, stl10.further) == (tuple(CORE), tuple(FURTHER))
    assert SEARCHED.every_arm == tuple(SEARCH) and len({arm.folder for arm in SEARCH.values()}) == 7
    assert len(stl10.pieces("small", ("all",))) == 6 * len(CORE | FURTHER)
    assert len(stl10.pieces("small")) == 6 * len(CORE)
    with pytest.raises(RecipeError, match="stands alone"):
        stl10.pieces("small", ("all", "none"))
    with pytest.raises(RecipeError, match="arm='cutout' is not known"):
        stl10.pieces("small", ("cutout",))
    assert set(ARMS) == set(CORE) | set(FURTHER) | set(SEARCH)


def test_colors_change_only_where_an_arm_says_so(folder: Path) -> None:
    data = Stl10Data(folder, Stl10Settings.smoke()).train()
    first = [Loader(data, recipe(CORE[name], 32), batch_size=36, seed=0) for name in ("none", "none", "traditional")]
    one, same, jittered = (next(iter(loader)).images for loader in first)
    assert torch.equal(one, same) and not torch.allclose(one.mean(dim=(2, 3)), jittered.mean(dim=(2, 3)), atol=0.3)


def test_the_real_data_are_asked_for_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="acoates"):
        prepare(Stl10Settings.full(), Place(shared=tmp_path, folder=tmp_path), list(CORE.values()))


def test_a_world_of_other_settings_is_not_used(folder: Path, tmp_path: Path) -> None:
    """Though no piece was run with them: evidence would say of one world what was measured on another."""
    stl10 = registry.find("stl10")
    with pytest.raises(RecipeError, match="the piece was run with other settings: noise;"):
        reproduce(stl10, folder, size="smoke", arms=("style",), device="cpu", changes={"noise": 0.3})
    folder = Path(shutil.copytree(folder, tmp_path / "run"))
    shutil.rmtree(folder / "pieces")
    with pytest.raises(RecipeError, match="made with other settings: noise;"):
        reproduce(stl10, folder, size="smoke", arms=("style",), device="cpu", changes={"noise": 0.3})
    with pytest.raises(RecipeError, match=r"other settings: .*test, train;"):
        reproduce(stl10, folder, size="small", arms=("style",), device="cpu", changes={"noise": 0.1})
    assert not (folder / "style-0").exists()


def test_a_training_goes_on_with_its_own_settings_alone(folder: Path, tmp_path: Path) -> None:
    """The checkpoint of another network, or of one that began with other weights, is no beginning."""
    shutil.copytree(folder, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "pieces")
    changes = {"model": "mobilenet_v3_small"}
    with pytest.raises(RecipeError, match=r"other settings: model;.*remove it"):
        reproduce(registry.find("stl10"), tmp_path / "run", size="smoke", arms=("none",), device="cpu", changes=changes)


def test_stl10_itself_is_judged_by_its_own_test(folder: Path, tmp_path: Path) -> None:
    """Which has no shift; and one domain, as is said before anything is trained."""
    stl10, data = registry.find("stl10"), {"data": str(folder / "world" / "source")}
    with pytest.raises(RecipeError, match="leave out 'style-of-other-domain'"):
        reproduce(stl10, tmp_path, size="smoke", arms=("none", "style-of-other-domain"), device="cpu", changes=data)
    assert not (tmp_path / "none-0").exists()
    found = reproduce(stl10, tmp_path, size="smoke", arms=("none", "style"), device="cpu", changes=data)
    assert [one.claim for one in found.verdicts] == ["test: style > none"]
    assert {claim.metric for claim in SEARCHED.claims} == {"shifted", "test"}
    assert "learning curves, test" in (tmp_path / "report.html").read_text()


def test_a_search_is_drawn_over_what_it_goes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {("none", 0): 40.0, ("ratio-16-1", 0): 50.0, ("ratio-1-2", 0): 70.0, ("ratio-1-2", 1): 74.0}
    found |= {("alpha-0", 0): 41.0, ("alpha-0.5", 0): 71.0}
    measured = {Piece(*piece): {"shifted": figure, "last loss": 0.1} for piece, figure in found.items()}
    for piece, figures in measured.items():
        (tmp_path / piece.name).mkdir()
        (tmp_path / piece.name / "training.json").write_text('{"steps_per_epoch": 5}')
        record = {"step": 10, "shifted": figures["shifted"]}
        (tmp_path / piece.name / "metrics.jsonl").write_text(json.dumps(record) + "\n")
    about = {"machine": {"cpu": "", "cpus": 1, "system": "", "python": ""}, "versions": {}, "command": ""}
    results = Results.of(SEARCHED, "smoke", measured, settings=SEARCHED.settings["smoke"], about=about)
    drawn: list[Any] = []
    curves: list[list[str]] = []
    plots = "impasto_lab.experiments.classification.page"
    monkeypatch.setattr(f"{plots}.levels_png", lambda *given, **more: drawn.append((*given, more["beside"])) or b"")
    monkeypatch.setattr(f"{plots}.curves_png", lambda lines, **_: curves.append(list(lines)) or b"")
    write_pages(results, tmp_path)
    half = 12.706 * 2  # Student's t of two seeds, times their standard error
    assert drawn == [
        (["16:1", "1:2"], {"shifted": [(50, 0), (72, pytest.approx(half, abs=0.01))]}, {"shifted": 40}),
        (["0", "0.5"], {"shifted": [(41, 0), (71, 0)]}, {"shifted": 40}),
    ]
    assert curves == [["none", "ratio-16-1", "ratio-1-2"], ["none", "alpha-0", "alpha-0.5"]]
    page = (tmp_path / "report.html").read_text()
    assert "accuracy by unaugmented to restyled" in page and "accuracy by alpha" in page
    assert levels_png(["0", "1"], {"a": [(1, 0), (2, 0.5)]}, x="x", y="y", beside={"a": 1.5}).startswith(b"\x89PNG")


def test_the_histogram_classifier_sees_the_shortcut_alone(tmp_path: Path) -> None:
    """With rho 1 colors say all, on the source; where they are drawn, nothing."""
    settings = replace(Stl10Settings.smoke(), train=200, test=100, rho=1.0)
    prepare(settings, Place(shared=tmp_path, folder=tmp_path), [])
    found = histogram_scores(Stl10Data(tmp_path, settings), ["source", "shifted"])
    assert found["histogram, source"] > 90 and found["histogram, shifted"] < 35
