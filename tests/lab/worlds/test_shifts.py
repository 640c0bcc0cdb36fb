"""Worlds with a shortcut: the files are the real ones', the shortcut is as strong as asked for, and it breaks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from impasto import RecipeError, ops
from impasto.sources import Office31, Stl10
from impasto.streams import stream
from impasto_lab.worlds import Office31Like, Stl10Like, Terms, render_office31, render_stl10
from impasto_lab.worlds.shifts.looks import classes, draw_picture, own_look
from impasto_lab.worlds.shifts.stl10_like import render_row


def test_stl10s_files(tmp_path: Path) -> None:
    settings = Stl10Like(train=50, test=20, unlabeled=10, noise=0.1, seed=3)
    world = render_stl10(tmp_path / "world", settings)
    sizes = {path.name: path.stat().st_size for path in world.binaries.iterdir()}
    assert {name: sizes[name] for name in sizes if name.endswith(".bin")} == {
        "train_X.bin": 50 * 27_648,
        "train_y.bin": 50,
        "test_X.bin": 20 * 27_648,
        "test_y.bin": 20,
        "unlabeled_X.bin": 10 * 27_648,
    }
    assert world.noise("train").sum() == 5 and world.noise("unlabeled").sum() == 1 and not world.noise("test").any()
    data = Stl10(world.root)
    row = int(np.flatnonzero(~world.noise("train"))[0])
    assert np.array_equal(data.pixels(row), render_row(settings, "train", row))
    folds = [Stl10(world.root, fold=fold) for fold in range(10)]
    assert {len(fold) for fold in folds} == {10} and len({fold.key(0) for fold in folds}) > 1


def test_the_same_command_writes_the_same_bytes(tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        whole = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            whole.update(path.read_bytes() if path.is_file() else b"")
        return whole.hexdigest()

    few = Stl10Like(train=10, test=10, noise=0.2, shift=0.5)
    shots = Office31Like(images={"amazon": 1, "dslr": 1, "webcam": 1}, side=48)
    for name in ("a", "b"):
        render_stl10(tmp_path / name / "stl", few)
        render_office31(tmp_path / name / "office", shots)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_looks_are_the_classes_own_as_often_as_asked_for() -> None:
    names = classes(10)
    for rho in (0.0, 0.6, 1.0):
        for conflict in (False, True):
            terms = Terms(rho=rho, conflict=conflict)
            scenes = [draw_picture(row % 10, names, terms, stream(0, "looks", row)) for row in range(2000)]
            worn = [(scene.things[0].color, scene.things[0].texture, scene.background) for scene in scenes]
            looks = [(one.color, one.texture, one.ground) for one in map(own_look, range(10))]
            own = np.mean([looks[row % 10] == look for row, look in enumerate(worn)])
            others = np.mean([look in looks[: row % 10] + looks[row % 10 + 1 :] for row, look in enumerate(worn)])
            # By chance a drawn look is a given one in 1 of 240.
            assert (others if conflict else own) == pytest.approx(rho, abs=0.05)
            assert (own if conflict else others) < 0.06


def test_the_outline_stays_where_the_domain_changes() -> None:
    names = classes(10)
    for row in range(30):
        kinds = [Terms(rho=0.0), Terms(rho=1.0), Terms(rho=1.0, conflict=True)]
        things = [draw_picture(row % 10, names, terms, stream(0, "outline", row)).things[0] for terms in kinds]
        assert len({(thing.shape, thing.x, thing.y, thing.radius, thing.angle) for thing in things}) == 1


def test_a_nearest_histogram_knows_the_source_and_not_the_target() -> None:
    """The shortcut is real: color alone tells the class at rho 1; at rho 0 it is chance."""

    def histograms(settings: Stl10Like, split: str) -> np.ndarray:
        bins = [np.histogramdd(render_row(settings, split, row).reshape(-1, 3), (4, 4, 4))[0] for row in range(100)]
        return np.sqrt(np.stack([one.ravel() for one in bins]))

    def accuracy(rho: float) -> float:
        settings = Stl10Like(terms=Terms(rho=rho))
        train, test = histograms(settings, "train"), histograms(settings, "test")
        nearest = (test @ train.T).argmax(axis=1)
        return float((nearest % 10 == np.arange(100) % 10).mean())

    assert accuracy(1.0) > 0.9 and accuracy(0.0) < 0.3


def test_office31s_folders(tmp_path: Path) -> None:
    counts = {"amazon": 2, "dslr": 1, "webcam": 1}
    root = render_office31(tmp_path / "office", Office31Like(images=counts, side=48))
    data = Office31(root)
    assert len(data.classes) == 31 and len(data) == 31 * 4
    assert {len(Office31(root, letter)) for letter in "ADW"} == {62, 31}


def test_what_makes_no_sense() -> None:
    for wrong in (
        lambda: Terms(rho=1.5),
        lambda: Stl10Like(train=3),
        lambda: Stl10Like(shift=-1.0),
        lambda: classes(32),
    ):
        with pytest.raises(RecipeError):
            wrong()


def test_precision_and_recall_of_the_noise_score(tmp_path: Path) -> None:
    """In the source's pictures, and in those of a poor camera, whose grain is no reason to throw them away."""
    for shift in (0.0, 1.0):
        settings = Stl10Like(train=200, test=10, terms=Terms(rho=0.5), shift=shift, noise=0.2, seed=4)
        world = render_stl10(tmp_path / f"{shift}", settings)
        data = Stl10(world.root)
        found = np.array([ops.noise_score(data.pixels(row)) > 0.6 for row in range(len(data))])
        truth = world.noise("train")
        assert truth.sum() == 40
        assert (found & truth).sum() / found.sum() >= 0.85 and (found & truth).sum() / 40 >= 0.95
