"""Detection and segmentation from end to end, at the size that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto import RecipeError
from impasto.loading import Loader, targets
from impasto.ops import decode
from impasto_lab.experiments import registry
from impasto_lab.experiments.dense.data import split, training_data
from impasto_lab.experiments.dense.page import draw_boxes, paint_map
from impasto_lab.experiments.dense.running import build, recipe_of
from impasto_lab.experiments.dense.settings import ARMS, Dense
from impasto_lab.experiments.runner import reproduce

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
        edges = [np.hypot(*np.gradient(one.mean(axis=2))).ravel() for one in images]
        assert np.corrcoef(*edges)[0, 1] > 0.4
    recipes = [recipe_of(arm, settings) for arm in ARMS]
    loaded = [
        next(iter(Loader(plain, one, batch_size=8, workers=0, fields=("boxes", "categories")))) for one in recipes
    ]
    geometric = loaded[ARMS.index("geometric")]
    assert torch.equal(loaded[0].images, loaded[ARMS.index("style")].images)
    assert not torch.equal(loaded[0].images, loaded[ARMS.index("color")].images)
    assert geometric.plan.flips.any()
    assert all((one["boxes"] <= settings.crowd.side).all() for one in targets(geometric))


def test_a_world_of_other_settings_is_not_used(ran: tuple[str, Path, Any]) -> None:
    from impasto_lab.experiments.dense.data import prepare
    from impasto_lab.experiments.experiment import Place

    _, out, _ = ran
    with pytest.raises(RecipeError, match="rendered with other settings"):
        prepare(Dense(images=30), Place(shared=out, folder=out))
    assert len(split(out, "target", "test")) == 4


@pytest.mark.parametrize("ran", ["detection"], indirect=True)
@pytest.mark.parametrize("model", ["fcos_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn"])
def test_torchvisions_detectors_take_the_same_targets(ran: tuple[str, Path, Any], model: str) -> None:
    _, out, _ = ran
    settings = Dense(images=20, batch_size=2, model=model)
    batch = next(
        iter(
            Loader(
                split(out, "source", "train"),
                recipe_of("geometric", settings),
                batch_size=2,
                fields=("boxes", "categories"),
            )
        )
    )
    losses = build(settings, 6)(list(batch.images), targets(batch))
    assert losses and all(bool(torch.isfinite(loss)) for loss in losses.values())


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(RecipeError, match="model='yolo' is not known; use one of 'center'"):
        Dense(model="yolo")
