"""Boxes, points and masks go where the pixels went; torchvision and Pillow say where that is."""

from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

from impasto import CutMix, ImageRecipe, Loader, Plan, RandAugment, Recipe, RecipeError, loading
from impasto.mixgen import plan_at
from impasto.recipe import MixGen
from impasto.sources import Sequence

HEIGHT, WIDTH = 90, 120
SIZE = (32, 48)


def _plan(box: tuple[float, float, float, float], flip: bool) -> Plan:
    mix = plan_at(MixGen(ratio=0.0), batch_size=1)
    return Plan(np.array([box], np.float64), np.array([flip]), np.zeros(1, np.int64), mix, [None])


@st.composite
def _views(draw: st.DrawFn) -> tuple[tuple[int, int, int, int], bool]:
    width, height = draw(st.integers(5, WIDTH)), draw(st.integers(5, HEIGHT))
    left, top = draw(st.integers(0, WIDTH - width)), draw(st.integers(0, HEIGHT - height))
    return (left, top, width, height), draw(st.booleans())


def _by_torchvision(thing: Any, box: tuple[int, int, int, int], flip: bool) -> Any:
    left, top, width, height = box
    resized = functional.resize(functional.crop(thing, top, left, height, width), list(SIZE))
    return functional.horizontal_flip(resized) if flip else resized


@given(_views(), st.lists(st.tuples(*[st.integers(0, side) for side in (WIDTH, HEIGHT)] * 2), max_size=6))
def test_boxes_as_torchvision_moves_them(view: Any, corners: list[tuple[int, ...]]) -> None:
    boxes = np.array([[min(a, c), min(b, d), max(a, c), max(b, d)] for a, b, c, d in corners], np.float64)
    moved, kept = loading.follow_boxes(boxes, _plan(*view), 0, SIZE, visible=0.0)
    given_boxes = torch.from_numpy(boxes.reshape(-1, 4)).float()
    thing = tv_tensors.BoundingBoxes(given_boxes, format="XYXY", canvas_size=(HEIGHT, WIDTH))
    expected = functional.clamp_bounding_boxes(_by_torchvision(thing, *view)).numpy()
    has_area = (expected[:, 2:] - expected[:, :2]).min(axis=1, initial=np.inf) > 1e-4
    np.testing.assert_allclose(moved, expected[kept], atol=1e-3)
    assert set(np.flatnonzero(has_area)) <= set(kept.tolist())


@given(_views(), st.lists(st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)), min_size=1, max_size=6))
def test_points_as_torchvision_moves_boxes_of_no_size(view: Any, points: list[tuple[int, int]]) -> None:
    moved, inside = loading.follow_points(points, _plan(*view), 0, SIZE)
    x, y = np.array(points, np.float32).T
    thing = tv_tensors.BoundingBoxes(
        torch.from_numpy(np.stack([x, y, x, y], 1)), format="XYXY", canvas_size=(HEIGHT, WIDTH), clamping_mode=None
    )
    expected = _by_torchvision(thing, *view).numpy()[:, :2]
    np.testing.assert_allclose(moved, expected, atol=1e-3)
    (left, top, width, height), _ = view
    for (x, y), one in zip(points, inside, strict=True):
        strictly = left < x < left + width and top < y < top + height
        assert one == strictly or not strictly


@given(_views(), st.integers(0, 2**32 - 1))
def test_masks_as_pillow_takes_the_nearest(view: Any, seed: int) -> None:
    masks = np.random.default_rng(seed).integers(0, 256, (2, HEIGHT, WIDTH), dtype=np.uint8)
    (left, top, width, height), flip = view
    expected = [
        np.asarray(
            PIL.Image.fromarray(mask)
            .crop((left, top, left + width, top + height))
            .resize(SIZE[::-1], PIL.Image.Resampling.NEAREST)
        )
        for mask in masks
    ]
    expected = [mask[:, ::-1] if flip else mask for mask in expected]
    np.testing.assert_array_equal(loading.follow_masks(masks, _plan(*view), 0, SIZE), np.stack(expected))


def test_what_a_batch_shows_is_where_its_annotations_say(encode: Any) -> None:
    """A white square on black, through a real loader: its box and mask cover the bright pixels."""
    samples = []
    for number in range(8):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        image[30:60, 20 + 5 * number : 60 + 5 * number] = 255
        samples.append((encode(image, "PNG"), f"square {number}"))
    recipe = Recipe(image=ImageRecipe(size=SIZE, scale=(0.5, 1.0), dtype="uint8"), text=None)
    (batch,) = Loader(Sequence(samples), recipe, batch_size=8, workers=0, shuffle=False)
    for row in range(8):
        bright = batch.images[row, 0].numpy() > 127  # [H, W]
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[30:60, 20 + 5 * row : 60 + 5 * row] = True
        assert (loading.follow_masks(mask, batch.plan, row, SIZE) == bright).mean() > 0.97
        boxes, _ = loading.follow_boxes([[20 + 5 * row, 30, 60 + 5 * row, 60]], batch.plan, row, SIZE, visible=0.0)
        rows, columns = np.nonzero(bright)
        if len(rows):
            np.testing.assert_allclose(
                boxes[0], [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], atol=1.01
            )


def test_a_share_must_stay_visible() -> None:
    plan = _plan((0, 0, 60, 90), False)
    boxes = [[50, 0, 70, 10], [58, 0, 78, 10], [60, 0, 70, 10]]  # a half, a tenth, nothing
    kept = [loading.follow_boxes(boxes, plan, 0, SIZE, visible=share).kept.tolist() for share in (0.0, 0.1, 0.2)]
    assert kept == [[0, 1], [0, 1], [0]]
    assert loading.follow_boxes([], plan, 0, SIZE).boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("boxes", "row", "size", "names"),
    [
        ([[5, 5, 1, 9]], 0, SIZE, "left, top, right, bottom"),
        ([[1, 2, 3]], 0, SIZE, r"\[N, 4\]"),
        ([[0, 0, float("nan"), 1]], 0, SIZE, "finite"),
        ([[0, 0, 1, 1]], 1, SIZE, "row=1"),
        ([[0, 0, 1, 1]], 0, 32, "size=32"),
    ],
)
def test_what_makes_no_sense_is_named(boxes: Any, row: int, size: Any, names: str) -> None:
    with pytest.raises(RecipeError, match=names):
        loading.follow_boxes(boxes, _plan((0, 0, 10, 10), False), row, size)
    with pytest.raises(RecipeError, match="another image"):
        loading.follow_masks(np.zeros((5, 5)), _plan((0, 0, 10, 10), False), 0, SIZE)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"image": ImageRecipe(size=32, augment=(RandAugment(n=4, m=10, p=1.0),))}, "was warped by"),
        ({"image": ImageRecipe(size=32), "mix": CutMix(1.0)}, "its partner's"),
    ],
)
def test_what_nothing_follows_is_refused(pairs, options, says):
    data = Sequence([(str(path), captions) for path, captions in pairs])
    plan = next(iter(Loader(data, Recipe(**options), batch_size=30))).plan
    warped = [row for row in range(30) if {"ShearX", "Rotate"} & {name for name, _ in plan.augmentations[row]}]
    cut = [row for row in range(30) if not np.isnan(plan.mix.cuts[row, 0])]
    for row in (warped or cut)[:3]:
        with pytest.raises(RecipeError, match=says):
            loading.follow_boxes([[0, 0, 9, 9]], plan, row, (32, 32))
