"""What a batch's images show is where its targets say: crops, flips, mixtures and all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto import ImageRecipe, Loader, MixGen, Recipe, RecipeError, loading
from impasto.sources import VOID, CocoInstances

SIDE = 64
COLORS = ((255, 0, 0), (0, 255, 0))
FIELDS = ("boxes", "categories", "masks", "crowd", "segmentation")


@pytest.fixture
def data(tmp_path: Path, encode: Any) -> CocoInstances:
    """Red and green rectangles on black: what a pixel shows says which thing it is."""
    images, annotations = [], []
    for number in range(12):
        rng = np.random.default_rng(number)
        image = np.zeros((SIDE, SIDE, 3), np.uint8)
        for category, color in enumerate(COLORS):
            left, top = int(rng.integers(1, 20)) + 32 * category, int(rng.integers(1, 40))
            width, height = 10, int(rng.integers(8, 20))
            image[top : top + height, left : left + width] = color
            polygon = [left, top, left + width, top, left + width, top + height, left, top + height]
            annotations.append(
                {
                    "id": len(annotations),
                    "image_id": number,
                    "category_id": category,
                    "bbox": [left, top, width, height],
                    "segmentation": [polygon],
                }
            )
        (tmp_path / f"{number}.png").write_bytes(encode(image, "PNG"))
        images.append({"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 0, "name": "red"}]}
    document["categories"].append({"id": 1, "name": "green"})
    (tmp_path / "instances.json").write_text(json.dumps(document))
    return CocoInstances(tmp_path / "instances.json", images=tmp_path)


def _batches(data: CocoInstances, **options: Any) -> Any:
    image = ImageRecipe(size=SIDE, scale=(0.3, 1.0), dtype="uint8")
    recipe = Recipe(image=image, text=None, mix=options.pop("mix", None))
    return Loader(data, recipe, batch_size=6, seed=3, fields=FIELDS, **options)


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 1, "processes": True}])
def test_each_pixel_is_of_the_thing_that_the_targets_say(data: CocoInstances, options: dict[str, Any]) -> None:
    seen = 0
    for batch in _batches(data, **options):
        maps = loading.label_maps(batch)
        for row, target in enumerate(loading.targets(batch, visible=0.0)):
            bright = batch.images[row, :2] > 127  # [2, H, W]
            for box, label, mask in zip(target["boxes"], target["labels"], target["masks"], strict=True):
                shown = bright[int(label) - 1]
                assert (mask.bool() == shown).float().mean() > 0.97
                assert ((maps[row] == label) == shown).float().mean() > 0.97
                rows, columns = torch.nonzero(shown, as_tuple=True)
                if len(rows):
                    around = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                    np.testing.assert_allclose(box, around, atol=1.5)
                    seen += 1
    assert seen > 15


def test_what_is_less_visible_than_asked_is_dropped_everywhere(data: CocoInstances) -> None:
    (batch, *_) = _batches(data)
    whole = loading.targets(batch, visible=1.0)
    some = loading.targets(batch, visible=0.0)
    assert sum(len(one["kept"]) for one in whole) < sum(len(one["kept"]) for one in some)
    for row, (target, every) in enumerate(zip(whole, some, strict=True)):
        assert {len(value) for value in target.values()} == {len(target["kept"])}
        assert set(target["kept"].tolist()) <= set(every["kept"].tolist())
        given = batch.fields["boxes"][row][target["kept"].numpy()]
        sides = (given[:, 2:] - given[:, :2]) * SIDE / batch.plan.boxes[row, 2:]
        np.testing.assert_allclose(target["boxes"][:, 2:] - target["boxes"][:, :2], sides, atol=1e-3)


def test_a_mixed_row_shows_its_partners_things_too(data: CocoInstances) -> None:
    (batch, *_) = _batches(data, mix=MixGen(ratio=0.5, lam=0.75))
    (plain, *_) = _batches(data)
    mixed, alone = loading.targets(batch), loading.targets(plain)
    rows = np.flatnonzero(batch.plan.mixed)
    assert len(rows) == 3
    for row in rows:
        partner = int(batch.plan.partners[row])
        boxes = torch.cat([alone[row]["boxes"], alone[partner]["boxes"]])
        assert torch.equal(mixed[row]["boxes"], boxes)
        assert mixed[row]["weights"].tolist() == [0.75] * len(alone[row]["kept"]) + [0.25] * len(alone[partner]["kept"])
    with pytest.raises(RecipeError, match="a pixel has two classes there"):
        loading.label_maps(batch)


def test_the_rim_of_a_padded_image_is_void(data: CocoInstances) -> None:
    recipe = Recipe(image=ImageRecipe(size=(SIDE, 2 * SIDE), crop="pad", dtype="uint8"), text=None)
    batch = next(iter(Loader(data, recipe, batch_size=4, fields=FIELDS)))
    maps = loading.label_maps(batch)
    assert (maps[..., : SIDE // 2] == VOID).all() and (maps[..., SIDE // 2 : -SIDE // 2] != VOID).all()


def test_what_the_batch_does_not_carry_is_named(data: CocoInstances) -> None:
    recipe = Recipe(image=ImageRecipe(size=SIDE), text=None)
    batch = next(iter(Loader(data, recipe, batch_size=4, fields=("boxes",))))
    with pytest.raises(RecipeError, match=r"no \['categories'\]; load it with .*fields=\('boxes', 'categories'\)"):
        loading.targets(batch)
    batch = next(iter(_batches(data)))
    with pytest.raises(RecipeError, match=r"view=1 must lie in 0\.\.0"):
        loading.targets(batch, view=1)
