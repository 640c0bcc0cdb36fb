"""Detection and segmentation from end to end, at the size that takes seconds."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from scipy.ndimage import gaussian_filter

from impasto import RecipeError, SourceError
from impasto.loading import Loader, targets
from impasto.ops import decode
from impasto_lab.experiments import registry
from impasto_lab.experiments.dense.data import held_out, prepare, training_data, training_split
from impasto_lab.experiments.dense.page import _trained, draw_boxes, paint_map
from impasto_lab.experiments.dense.running import build, recipe_of, run_piece
from impasto_lab.experiments.dense.settings import ARMS, FURTHER, Dense
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.narrator import Silent
from impasto_lab.experiments.runner import reproduce
from impasto_lab.tasks.dense import DetectionTask
from impasto_lab.worlds import Crowd, Sample, write_instances, write_world
from impasto_lab.worlds.formats.instances.instance import Instance

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Converting a tensor:UserWarning"),
]
METRICS = {
    "detection": {"mAP source", "AP50 source", "mAP target", "AP50 target", "last loss"},
    "segmentation": {"mIoU source", "mIoU target", "last loss"},
}


@pytest.fixture(scope="module", params=sorted(METRICS))
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Any]:
    out = tmp_path_factory.mktemp("dense") / "out"
    results = reproduce(registry.find(request.param), out, size="smoke", device="cpu")
    return request.param, out, results


def test_every_arm_is_measured_and_every_claim_judged(ran: tuple[str, Path, Any]) -> None:
    name, out, results = ran
    assert {piece.arm for piece in results.measured} == set(ARMS)
    assert all(set(metrics) == METRICS[name] for metrics in results.measured.values())
    assert [one.word for one in results.verdicts] == ["undecided"] * 6, "one seed shows nothing"
    assert json.loads((out / "results.json").read_text())["verdicts"][0]["seeds"] == 1


def test_the_page_shows_what_is_there_and_what_each_arm_finds(ran: tuple[str, Path, Any]) -> None:
    _, out, _ = ran
    page = (out / "report.html").read_text()
    assert "Claims, put down before" in page and "the truth, in the target" in page
    for arm in ARMS:
        assert f"what is found, {arm}" in page and (out / f"what-is-found-{arm}.png").exists()


def test_trainings_that_were_taken_over_have_no_line(ran: tuple[str, Path, Any], tmp_path: Path) -> None:
    _, _, results = ran
    piece = sorted(results.measured)[1]
    later = Piece(piece.arm, piece.seed + 1)
    both = replace(results, measured={**results.measured, later: results.measured[piece]})
    (tmp_path / later.name / "checkpoints").mkdir(parents=True)
    assert _trained(both, tmp_path) == {piece.arm: tmp_path / later.name}


def test_boxes_and_maps_lie_where_they_are() -> None:
    gray = np.full((20, 30, 3), 90, np.uint8)
    drawn = draw_boxes(gray, [[5, 4, 15, 12]], [""], [0])
    changed = (drawn != 90).any(axis=2)
    assert drawn.shape == (40, 60, 3) and changed[8, 10:31].all() and changed[8:25, 10].all()
    assert (
        not changed[:8].any()
        and not changed[:, :10].any()
        and not changed[26:].any()
        and not changed[12:20, 14:26].any()
    )
    classes = np.zeros((20, 30), np.int64)
    classes[3:6, 10:12] = 2
    painted = (paint_map(gray, classes) != 90).any(axis=2)
    assert np.array_equal(painted, (classes > 0).repeat(2, axis=0).repeat(2, axis=1))


def test_what_is_done_is_not_done_again(ran: tuple[str, Path, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    name, out, results = ran
    monkeypatch.setattr("impasto_lab.experiments.dense.running.run_piece", None)
    assert reproduce(registry.find(name), out, size="smoke", device="cpu").measured == results.measured


def test_arms_differ_in_what_they_see_and_style_moves_nothing(ran: tuple[str, Path, Any]) -> None:
    name, out, _ = ran
    settings = registry.find(name).settings["smoke"]
    plain, styled = training_data(out, settings, styled=False), training_data(out, settings, styled=True)
    assert len(styled) == 2 * settings.copies * len(plain)
    for row in range(4):
        other = styled.facts(len(styled) // 2 + row)
        np.testing.assert_array_equal(other["boxes"], plain.facts(row)["boxes"])
        images = [decode(one[at].image).astype(float) for one, at in ((plain, row), (styled, len(styled) // 2 + row))]
        assert np.abs(images[0] - images[1]).mean() > 5
        # Edges of light stay where they were: the things are where their boxes say.
        beside = decode(plain[(row + 1) % len(plain)].image).astype(float)
        # Of things, not of the texture that a style is made of.
        smooth = [gaussian_filter(one.mean(axis=2), 1) for one in (*images, beside)]
        own, other_row = np.corrcoef([np.hypot(*np.gradient(one)).ravel() for one in smooth])[1, [0, 2]]
        assert own > 0.2 and own > 2 * other_row
    recipes = [recipe_of(arm, settings) for arm in ARMS]
    loaded = [
        next(iter(Loader(plain, one, batch_size=8, workers=0, fields=("boxes", "categories")))) for one in recipes
    ]
    geometric = loaded[ARMS.index("geometric")]
    (traditional,) = [recipe_of(arm, settings) for arm in FURTHER]
    assert traditional == recipes[ARMS.index("both")], "both, without its copies"
    assert torch.equal(loaded[0].images, loaded[ARMS.index("style")].images)
    assert not torch.equal(loaded[0].images, loaded[ARMS.index("color")].images)
    assert geometric.plan.flips.any()
    assert all((one["boxes"] <= settings.crowd.side).all() for one in targets(geometric))


def test_a_world_of_other_settings_is_not_used(ran: tuple[str, Path, Any]) -> None:
    name, out, _ = ran
    with pytest.raises(RecipeError, match="made with other settings"):
        prepare(Dense(images=30), Place(shared=out, folder=out))
    assert len(held_out(out, registry.find(name).settings["smoke"])["target"]) == 1, "four images, one batch"


@pytest.mark.parametrize("ran", ["detection"], indirect=True)
@pytest.mark.parametrize("model", ["fcos_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn"])
def test_torchvisions_detectors_take_the_same_targets(ran: tuple[str, Path, Any], model: str) -> None:
    _, out, _ = ran
    settings = Dense(images=20, batch_size=2, model=model)
    batch = next(
        iter(
            Loader(
                training_split(out, settings),
                recipe_of("geometric", settings),
                batch_size=2,
                fields=("boxes", "categories"),
            )
        )
    )
    losses = build(settings, 6)(list(batch.images), targets(batch))
    assert losses and all(bool(torch.isfinite(loss)) for loss in losses.values())


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="model='yolo' is not known; use one of 'center'"):
        Dense(model="yolo")
    for name, model in (("detection", "fcn_resnet50"), ("segmentation", "center")):
        with pytest.raises(RecipeError, match=f"model='{model}' is not known"):
            reproduce(registry.find(name), tmp_path, size="smoke", changes={"model": model})
    assert not any(tmp_path.iterdir())


def test_what_was_interrupted_goes_on(tmp_path: Path) -> None:
    """From its last checkpoint; behind the last one it is scored. Only with the settings that it began with."""
    smoke = replace(registry.find("detection").settings["smoke"], steps=4)
    place = Place(shared=tmp_path, folder=tmp_path / "none-0")
    prepare(smoke, place)
    stopped: list[int] = []

    class Stopper(Silent):
        """Interrupts behind the second step."""

        @contextmanager
        def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
            def tell(done: int, total: int) -> None:
                stopped.append(done)
                if len(stopped) == 3:
                    raise KeyboardInterrupt

            yield tell

    whole = run_piece(Piece("none", 0), smoke, replace(place, folder=tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        run_piece(Piece("none", 0), smoke, replace(place, narrator=Stopper()))
    assert run_piece(Piece("none", 0), smoke, replace(place, narrator=Stopper())) == whole
    assert stopped == [1, 2, 3, 3, 4]
    assert run_piece(Piece("none", 0), smoke, place) == whole
    with pytest.raises(RecipeError, match="other settings: width"):
        run_piece(Piece("none", 0), replace(smoke, width=4), place)


@pytest.mark.parametrize("ran", ["detection"], indirect=True)
def test_a_page_is_written_where_all_was_taken(ran: tuple[str, Path, Any], tmp_path: Path) -> None:
    name, out, results = ran
    taken = reproduce(registry.find(name), tmp_path, size="smoke", known=(out / "results.json",), device="cpu")
    assert taken.measured == results.measured and "Claims" in (tmp_path / "report.html").read_text()


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered world, laid out as COCO is unpacked; one image has another size."""
    root = tmp_path_factory.mktemp("coco")
    source, _ = write_instances(root / "world", Crowd(side=64), images=20, target_images=1)
    (root / "annotations").mkdir()
    for split, name in (("train", "train2017"), ("test", "val2017")):
        shutil.copy(
            source.root / "annotations" / f"instances_{split}.json", root / f"annotations/instances_{name}.json"
        )
        shutil.copytree(source.images, root / name)
    other = root / "train2017" / "000000000003.jpg"
    PIL.Image.open(other).crop((0, 0, 64, 50)).save(other)
    return root


@pytest.fixture(scope="module")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen squares, laid out as VOC is."""
    mask = np.zeros((64, 64), np.bool_)
    mask[20:40, 10:30] = True
    file = io.BytesIO()
    PIL.Image.fromarray(np.where(mask, 200, 60).astype(np.uint8)).save(file, "JPEG")
    facts = {"instances": [Instance("square", mask).fact()], "categories": ["disc", "square"]}
    samples = [
        Sample(
            image=file.getvalue(),
            width=64,
            height=64,
            captions=("a square",),
            split="val" if row > 11 else "train",
            facts=facts,
        )
        for row in range(16)
    ]
    world = write_world(
        tmp_path_factory.mktemp("voc") / "w", samples, name="squares", total=16, formats=("pascal_voc",)
    )
    return world.root / "voc"


@pytest.mark.parametrize(("name", "data"), [("detection", "voc"), ("segmentation", "coco")])
def test_real_data_take_the_worlds_place(name: str, data: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = str(request.getfixturevalue(data))
    found = reproduce(
        registry.find(name), tmp_path, size="smoke", arms=["style"], device="cpu", changes={"data": folder}
    )
    assert all(set(metrics) == METRICS[name] for metrics in found.measured.values())
    assert not (tmp_path / "world").exists() and "the truth, in the target" in (tmp_path / "report.html").read_text()
    settings = replace(registry.find(name).settings["smoke"], data=folder)
    plain, styled = (training_data(tmp_path, settings, styled=one) for one in (False, True))
    assert len(styled) == 2 * len(plain)
    for row in (1, 2, 3):
        before, after = (decode(one[at].image) for one, at in ((plain, row), (styled, len(plain) + row)))
        assert before.shape == after.shape and not np.array_equal(before, after)
    of_source, of_target = (next(iter(one)) for one in held_out(tmp_path, settings).values())
    assert (of_source.images - of_target.images).abs().mean() > 0.01, "the target is corrupted"
    assert of_source.keys == of_target.keys


def test_real_data_that_lack_something_are_named_before_any_training(tmp_path: Path, coco: Path, voc: Path) -> None:
    smoke = registry.find("detection").settings["smoke"]
    place = Place(shared=tmp_path / "out", folder=tmp_path)
    place.shared.mkdir()
    with pytest.raises(SourceError, match=r"neither annotations/instances_train2017\.json nor JPEGImages is there"):
        prepare(replace(smoke, data=str(tmp_path)), place)
    with pytest.raises(
        RecipeError, match=r"the target has the classes \['disc', 'square'\], and the training data have"
    ):
        prepare(replace(smoke, data=str(coco), target=str(voc)), place)
    with pytest.raises(RecipeError, match="give data= too"):
        Dense(target=str(voc))


def test_a_test_without_a_box_is_refused(coco: Path, tmp_path: Path) -> None:
    data = shutil.copytree(coco, tmp_path / "data")
    listed = data / "annotations" / "instances_val2017.json"
    listed.write_text(json.dumps({**json.loads(listed.read_text()), "annotations": []}))
    smoke = registry.find("detection").settings["smoke"]
    with pytest.raises(RecipeError, match="the source's val has no box"):
        prepare(replace(smoke, data=str(data)), Place(shared=tmp_path, folder=tmp_path))


def test_what_is_difficult_is_neither_trained_on_nor_missed(voc: Path, tmp_path: Path) -> None:
    own = shutil.copytree(voc, tmp_path / "voc")
    (own / "classes.txt").write_text("disc\nsquare")  # no line end behind the last
    for path in (own / "Annotations").glob("*.xml"):
        if int(path.stem) % 2:
            path.write_text(path.read_text().replace("<difficult>0", "<difficult>1"))
    smoke = registry.find("detection").settings["smoke"]
    settings = replace(smoke, data=str(own))
    held = held_out(tmp_path, settings)
    told: list[Any] = []

    class Finder(torch.nn.Module):
        """Finds the square in every second image, where it is not difficult."""

        def forward(self, images: torch.Tensor, targets: Any = None) -> Any:
            told.extend(targets or [])
            if targets:
                return {"loss": images.sum()}
            square = {"boxes": torch.tensor([[7.5, 15.0, 22.5, 30.0]]), "labels": torch.tensor([2])}
            nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
            found = [square if row % 2 else nothing for row in range(len(images))]
            return [one | {"scores": torch.ones(len(one["labels"]))} for one in found]

    finder = Finder()
    finder.device = torch.nn.Parameter(torch.zeros(()))
    task = DetectionTask(finder, held)
    assert task.evaluate()["mAP source"] == 100
    task.step(next(iter(held["source"])))
    assert [len(one["labels"]) for one in told] == [0, 1, 0, 1]
