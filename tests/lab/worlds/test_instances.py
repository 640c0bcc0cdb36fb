"""Worlds of boxes and masks: the shortcut holds in the source, breaks in the target, and masks lie on the things."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from impasto import RecipeError
from impasto.ops import decode
from impasto.sources import CocoInstances
from impasto.streams import stream
from impasto_lab.cli import main
from impasto_lab.worlds import DETECT, SEGMENT, Crowd, write_instances
from impasto_lab.worlds.instances.crowd import CLASSES, draw_crowd, seen_in, shifted
from impasto_lab.worlds.scenes.plan import Scene
from impasto_lab.worlds.scenes.rendering import render


@pytest.mark.parametrize(("rho", "least", "most"), [(0.0, 0.0, 0.0), (0.7, 0.6, 0.8), (1.0, 1.0, 1.0)])
def test_rho_is_how_often_color_texture_and_ground_are_the_classes_own(rho: float, least: float, most: float) -> None:
    scenes = [draw_crowd(Crowd(rho=rho), stream(number)) for number in range(150)]
    own = [(one.color, one.texture) == CLASSES[one.shape][:2] for scene in scenes for one in scene.things]
    colors = [one.color == CLASSES[one.shape][0] for scene in scenes for one in scene.things]
    grounds = [scene.background == CLASSES[scene.things[0].shape][2] for scene in scenes]
    assert least <= np.mean(colors) <= most and least <= np.mean(grounds) <= most
    assert np.mean(own) == pytest.approx(rho**2, abs=0.1)


@pytest.mark.parametrize("crowd", [DETECT, SEGMENT])
def test_a_mask_is_where_a_thing_changes_the_picture(crowd: Crowd) -> None:
    """Without its things the ground is what was left of it outside of masks, but for shadows, which darken."""
    scene = draw_crowd(crowd, stream("mask", 5))
    empty = Scene(background=scene.background, things=())
    shown, ground = (render(one, crowd.side, stream("g")).astype(int) for one in (scene, empty))
    covered = np.any([one.mask for one in seen_in(scene, crowd.side)], axis=0)
    brighter = (shown - ground).max(axis=2) > 25
    assert covered.any() and not (brighter & ~ndimage.binary_dilation(covered)).any()
    assert (np.abs(shown - ground).max(axis=2) > 8)[covered].mean() > 0.9
    boxes = [one.box for one in seen_in(scene, crowd.side)]
    assert all(
        0 <= left < right <= crowd.side and 0 <= top < bottom <= crowd.side for left, top, right, bottom in boxes
    )


def test_what_is_covered_is_not_seen() -> None:
    crowd = Crowd(things=(5, 5), radius=(0.2, 0.25))
    found = [seen_in(draw_crowd(crowd, stream(number)), 64) for number in range(20)]
    counts = [sum(one.mask.astype(int) for one in things) for things in found]
    assert all(np.max(count) == 1 for count in counts)


def test_a_shift_changes_colors_and_no_places() -> None:
    pixels = render(draw_crowd(DETECT, stream(1)), 64, stream(2))
    assert shifted(pixels, 0.0, stream(3)) is pixels
    changed = shifted(pixels, 1.0, stream(3))
    assert np.abs(changed.astype(int) - pixels).mean() > 10
    blocks = [one.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3, 4)).ravel() for one in (pixels, changed)]
    assert np.corrcoef(*blocks)[0, 1] > 0.85


def test_the_command_writes_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write(verb: str, out: str, *more: str) -> dict[str, Any]:
        words = ["world", verb, str(tmp_path / out), "--images", "10", "--target-images", "3", "--json", "-", *more]
        assert main(words) == 0
        return json.loads(capsys.readouterr().out)

    told = write("segment", "one", "--side", "48", "--rho", "0.5")
    paths = told["source"]["paths"]
    assert told["source"]["rho"] == 0.5 and told["target"]["rho"] == 0.0
    train = CocoInstances(paths["annotations"]["train"], images=paths["images"])
    target = told["target"]["paths"]
    test = CocoInstances(target["annotations"]["test"], images=target["images"])
    assert len(train) == 8 and len(test) == 3
    assert decode(train[0].image).shape == (48, 48, 3)
    assert train.facts(0)["masks"].pixels().any(axis=(1, 2)).all()
    again = write("segment", "two", "--side", "48", "--rho", "0.5")["source"]["paths"]
    for name in ("train", "test"):
        assert Path(paths["annotations"][name]).read_bytes() == Path(again["annotations"][name]).read_bytes()
    assert write("detect", "three")["source"]["side"] == 96
    with pytest.raises(RecipeError, match="rho"):
        Crowd(rho=1.5)


def test_few_images_number_classes_as_many_do(tmp_path: Path) -> None:
    source, target = write_instances(tmp_path, images=10, target_images=1, seed=0)
    documents = [
        json.loads((world.root / "annotations" / f"instances_{split}.json").read_text(encoding="utf-8"))
        for world, split in ((source, "train"), (target, "test"))
    ]
    assert documents[0]["categories"] == documents[1]["categories"]
    assert [one["name"] for one in documents[0]["categories"]] == sorted(CLASSES)
