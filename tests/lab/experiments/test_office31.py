"""Office-31 at smoke size: from two domains to a third, which is never trained on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impasto import RecipeError, SourceError
from impasto.sources import Office31
from impasto_lab.cli import main
from impasto_lab.experiments import Place, registry
from impasto_lab.experiments.classification.office31_data import Office31Data, prepare
from impasto_lab.experiments.classification.restyling import pixels
from impasto_lab.experiments.classification.settings import TRANSFERS, Office31Settings
from impasto_lab.experiments.runner import reproduce


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("office31")
    reproduce(registry.find("office31"), root, size="smoke", arms=("none", "style-of-other-domain"), device="cpu")
    return root


def test_each_transfer_is_measured_and_drawn(folder: Path) -> None:
    evidence = json.loads((folder / "results.json").read_text())
    found = {row["arm"]: row for row in evidence["measured"]}
    for transfer in ("AD->W", "AW->D", "DW->A"):
        kinds = [transfer, *(f"{transfer} {kind}" for kind in ("source", "cue conflict", "shape bias"))]
        assert all(0 <= row[kind] <= 100 for row in found.values() for kind in kinds)
        assert f"histogram, {transfer}" in found["none"]
        part = folder / "none-0" / transfer.replace("->", "-")
        counts = json.loads((part / "confusion.json").read_text())["counts"]
        assert np.sum(counts, axis=1).tolist() == [1] * 31
        # 62 images in batches of 16
        assert json.loads((part / "training.json").read_text())["steps_per_epoch"] == 3
        assert (folder / f"learning-curves-{transfer.replace('->', '-')}.png").exists()
    assert "learning curves, DW-&gt;A" in (folder / "report.html").read_text()


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_the_target_is_in_nothing_that_is_trained_on(folder: Path, transfer: str) -> None:
    data = Office31Data(folder, Office31Settings.smoke(), transfer)
    named = {"A": "amazon", "D": "dslr", "W": "webcam"}
    sources, target = transfer.split("->")
    plain, copies = data.train(), data.copies("other")
    assert len(copies) == len(plain) == 62
    for source in (plain, copies):
        assert {str(source.facts(row)["domain"]) for row in range(62)} == {named[letter] for letter in sources}
    held = data.test(transfer)
    assert {str(held.facts(row)["domain"]) for row in range(len(held))} == {named[target]}


def test_copies_wear_the_other_sources_colors(folder: Path) -> None:
    """How a copy's mean color differs from its image's goes with the mean color of the picture whose style it has."""
    data = Office31Data(folder, Office31Settings.smoke(), "AD->W")
    plain, copies, others = data.train()[:31], data.copies("other")[:31], data.train()[31:]
    means = [
        np.array([pixels(source, row).mean(axis=(0, 1)) for row in range(31)]) for source in (plain, copies, others)
    ]
    styles = means[2][(np.arange(31) * 7 + 1) % 31]
    assert np.corrcoef((means[1] - means[0]).ravel(), styles.ravel())[0, 1] > 0.8


def test_cue_conflict_names_two_classes(folder: Path) -> None:
    data = Office31Data(folder, Office31Settings.smoke(), "AD->W")
    looks = data.looks()
    labels = [data.classes.index(str(data.test("AD->W cue conflict").facts(row)["class"])) for row in range(31)]
    assert all(0 <= look < 31 and look != label for look, label in zip(looks, labels, strict=True))


def test_the_real_data_are_asked_for_before_anything_runs(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Office-31"):
        prepare(Office31Settings.full(), Place(shared=tmp_path, folder=tmp_path), [])
    with pytest.raises(SourceError, match="Office-31"):
        reproduce(registry.find("office31"), tmp_path, size="smoke", changes={"data": str(tmp_path / "none")})
    with pytest.raises(RecipeError, match="name its network"):
        replace(Office31Settings(), weights="inception.pth")
    # What lies in Office-31's folders is taken as the data: no held-out source, no cue conflict.
    data = Office31Data(tmp_path, replace(Office31Settings.smoke(), data=str(folder / "world")), "AD->W")
    assert data.kinds == ("AD->W",) and len(data.train()) == 62
    assert isinstance(data.test("AD->W"), Office31)


def test_a_domain_without_a_class_is_named(folder: Path, tmp_path: Path) -> None:
    data = shutil.copytree(folder / "world", tmp_path / "data")
    settings, place = replace(Office31Settings.smoke(), data=str(data)), Place(shared=tmp_path, folder=tmp_path)
    prepare(settings, place, [])
    gone = sorted((data / "webcam" / "images").iterdir())[3]
    shutil.rmtree(gone)
    with pytest.raises(SourceError, match=rf"webcam: it has no image of {gone.name}, which"):
        prepare(settings, place, [])


def test_options_are_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["reproduce", "office31", "--help"])
    told = capsys.readouterr().out
    assert "--weights FILE" in told and "--data DIR" in told and "--model MODEL" in told
    with pytest.raises(SystemExit, match="2"):
        main(["reproduce", "rivals", "--weights", "inception.pth"])
