"""Views of a sample: each is what it would be alone, all are mixed by one plan."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import (
    BatchMixGen,
    ColorJitter,
    CutMix,
    ImageRecipe,
    Loader,
    MixGen,
    PatchDrop,
    RandomErasing,
    Recipe,
    RecipeError,
    loading,
    ops,
)
from impasto.sources import Sequence

RAW: dict[str, Any] = {"dtype": "uint8", "layout": "hwc"}

recipes = st.builds(
    ImageRecipe,
    size=st.sampled_from([16, 24, (48, 40), 64]),
    crop=st.sampled_from(["random", "none", "pad"]),
    scale=st.sampled_from([(0.05, 0.3), (0.3, 1.0)]),
    hflip=st.just(0.5),
    interpolation=st.sampled_from(["bicubic", "bilinear"]),
    exact=st.booleans(),
    exif=st.sampled_from(["ignore", "apply"]),
    fill=st.just((9, 120, 250)),
    **{name: st.just(value) for name, value in RAW.items()},
)


@pytest.fixture(scope="module")
def files(photographs, encode) -> list[bytes]:
    """Photographs large enough to be decoded at several scales, upright and turned, and one PNG."""
    names = ["coffee", "china", "chelsea", "rocket"]
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    kinds: list[dict[str, Any]] = [{"quality": 85}, {"exif": turned}, {"subsampling": "4:4:4"}, {"progressive": True}]
    jpegs = [encode(photographs[name][:420, :560], **kind) for name, kind in zip(names, kinds, strict=True)]
    return [*jpegs, encode(photographs["flower"][:200, :300], "PNG")]


@pytest.fixture(scope="module")
def data(files) -> Sequence:
    return Sequence([(file, f"picture {number}") for number, file in enumerate(files)])


def _batch(data: Sequence, recipe: Recipe, size: int = 5, **options: Any) -> Any:
    return next(iter(Loader(data, recipe, batch_size=size, shuffle=False, workers=0, seed=3, **options)))


@given(st.lists(recipes, min_size=1, max_size=3).map(tuple))
def test_each_view_is_what_it_is_alone(data: Sequence, files: list[bytes], views: tuple[ImageRecipe, ...]) -> None:
    batch = _batch(data, Recipe(image=views, text=None))
    assert len(batch.views) == len(batch.plan.views) == len(views)
    for number, (view, images, drawn) in enumerate(zip(views, batch.views, batch.plan.views, strict=True)):
        for row, file in enumerate(files):
            alone, box, flip = ops.load(file, view, seed=3, sample=row, view=number)
            np.testing.assert_array_equal(images[row].numpy(), alone)
            assert tuple(drawn.boxes[row]) == box
            assert drawn.flips[row] == flip


def test_the_first_view_knows_nothing_of_a_second(data, digest) -> None:
    one = ImageRecipe(size=32, augment=(ColorJitter(brightness=0.5), RandomErasing()))
    alone, both = (_batch(data, Recipe(image=image, mix=MixGen())) for image in (one, (one, one)))
    assert digest(alone) == digest(both)
    assert alone.plan.augmentations == both.plan.augmentations
    assert both.plan.views[1].augmentations != both.plan.augmentations
    assert not np.array_equal(both.plan.views[1].boxes, both.plan.boxes)
    assert not torch.equal(*both.views)


def test_views_of_exact_decoding_are_pillows(data, files) -> None:
    views = (ImageRecipe(size=32, exact=True, **RAW), ImageRecipe(size=(20, 40), exact=True, **RAW))
    batch = _batch(data, Recipe(image=views, text=None))
    for row, file in enumerate(files[:1]):
        picture = PIL.Image.open(io.BytesIO(file)).convert("RGB")
        for view, images, drawn in zip(views, batch.views, batch.plan.views, strict=True):
            left, top, width, height = drawn.boxes[row]
            cut = picture.crop((left, top, left + width, top + height)).resize(view.shape[::-1], PIL.Image.BICUBIC)
            expected = np.asarray(cut)[:, ::-1] if drawn.flips[row] else np.asarray(cut)
            np.testing.assert_array_equal(images[row].numpy(), expected)


@pytest.mark.parametrize("mix", [MixGen(ratio=0.4, lam=0.3), CutMix(1.0)])
def test_one_plan_mixes_all_views(data, mix) -> None:
    views = (ImageRecipe(size=32, **RAW), ImageRecipe(size=(48, 24), **RAW))
    plain, mixed = (_batch(data, Recipe(image=views, mix=mixing)) for mixing in (None, mix))
    assert mixed.plan.mixed.any()
    for own, found in zip(plain.views, mixed.views, strict=True):
        height, width = own.shape[1:3]
        for row, partner in enumerate(mixed.plan.partners):
            lam = float(mixed.plan.lams[row])
            expected = (lam * own[row].double() + (1 - lam) * own[partner].double()).round()
            if mix.image == "cut":
                left, top, right, bottom = mixed.plan.mix.boxes(height, width)[row]
                expected = own[row].double()
                expected[top:bottom, left:right] = own[partner][top:bottom, left:right].double()
            assert (found[row].double() - expected).abs().max() <= 1


def test_views_go_where_the_batch_goes(data) -> None:
    views = (ImageRecipe(size=32), ImageRecipe(size=16, dtype="uint8"), ImageRecipe(size=24, dtype="bfloat16"))
    recipe = Recipe(image=views)
    here = _batch(data, recipe)
    assert here.views[0] is here.images
    assert [view.dtype for view in here.views] == [torch.float32, torch.uint8, torch.bfloat16]
    assert [list(view.shape) for view in here.to(torch.float16).views] == [
        [5, 3, 32, 32],
        [5, 3, 16, 16],
        [5, 3, 24, 24],
    ]
    assert [view.dtype for view in here.to(torch.float16).views] == [torch.float16, torch.uint8, torch.float16]
    pickled = pickle.loads(pickle.dumps(here))
    sent = next(iter(Loader(data, recipe, batch_size=5, shuffle=False, workers=1, processes=True, seed=3)))
    for other in (pickled, sent):
        assert all(map(torch.equal, here.views, other.views))
        assert np.array_equal(other.plan.views[2].boxes, here.plan.views[2].boxes)
    assert "3 views" in repr(here.plan)


def test_boxes_follow_a_view(data) -> None:
    batch = _batch(data, Recipe(image=(ImageRecipe(size=32), ImageRecipe(size=16, crop="none", hflip=1.0))))
    moved = loading.follow_points([[0, 0], [280, 200]], batch.plan.views[1], 0, (16, 16))
    np.testing.assert_allclose(moved.points, [[16, 0], [8, 8]])


def test_a_state_tells_views_apart(data) -> None:
    loaders = [
        Loader(data, Recipe(image=(ImageRecipe(size=32), ImageRecipe(size=size))), batch_size=5) for size in (16, 24)
    ]
    with pytest.raises(Exception, match="image"):
        loaders[1].load_state_dict(loaders[0].state_dict())


def test_a_view_that_fails_names_its_sample(files) -> None:
    cut = Sequence([(files[0][: len(files[0]) // 2], "cut"), (files[1], "whole")])
    top = ImageRecipe(size=16, truncated="keep", crop="none")
    with pytest.raises(Exception, match="ends before its last pixel") as raised:
        _batch(cut, Recipe(image=(top, ImageRecipe(size=16, crop="none"))), 2)
    assert raised.value.key is not None
    kept = _batch(cut, Recipe(image=(top, top)), 2)
    assert kept.truncated == (kept.keys[0],)


def test_patches_are_drawn_for_each_image_and_epoch(data) -> None:
    views = (ImageRecipe(size=64, patch_drop=PatchDrop(patch=16, keep=0.5)), ImageRecipe(size=32))
    loader = Loader(data, Recipe(image=views, mix=MixGen(ratio=0.4)), batch_size=5, shuffle=False, workers=0)
    plans = [next(iter(loader)).plan for _ in range(2)]
    for plan in plans:
        assert plan.patches.shape == (5, 8)
        assert plan.patches.dtype == np.int64
        assert (np.diff(plan.patches) > 0).all()
        assert plan.patches.min() >= 0
        assert plan.patches.max() < 16
        assert plan.views[1].patches is None
        assert len({tuple(row) for row in plan.patches.tolist()}) > 1
    assert not np.array_equal(plans[0].patches, plans[1].patches)
    loader.set_epoch(0)
    assert np.array_equal(next(iter(loader)).plan.patches, plans[0].patches)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"patch_drop": PatchDrop(patch=15)}, "patches of 15 pixels don't divide images of 64x64"),
        ({"patch_drop": 0.5}, "must be an impasto.PatchDrop"),
        ({"fill": (0, 0, 256)}, "fill="),
        ({"crop": "letterbox"}, "'pad'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words) -> None:
    with pytest.raises(RecipeError, match=words):
        ImageRecipe(size=64, **options)


def test_views_that_are_none_are_refused() -> None:
    for image in ((), (ImageRecipe(), None), [ImageRecipe()]):
        with pytest.raises(RecipeError, match="tuple of one for each view"):
            Recipe(image=image)


def test_views_are_names_of_the_mapping(data) -> None:
    recipe = Recipe(image=(ImageRecipe(size=32), ImageRecipe(size=16)))
    batch = _batch(data, recipe)
    assert next(iter(batch)) == "images"
    assert batch["images_1"] is batch.views[1]
    rebuilt = type(batch)({name: tensor + 0 for name, tensor in batch.items()})
    assert all(map(torch.equal, rebuilt.views, batch.views))
    assert dict(rebuilt.fields) == {}
    form = Loader(data, recipe, batch_size=5, form={"x": "images", "y": "images_1"}, shuffle=False, seed=3, workers=0)
    assert torch.equal(next(iter(form))["y"], batch.views[1])
    with pytest.raises(RecipeError, match="images_2"):
        Loader(data, recipe, batch_size=5, form={"y": "images_2"})
    with pytest.raises(RecipeError, match="images_1"):
        Loader(data, recipe, batch_size=5, fields=("images_1",))


def test_batch_mixgen_mixes_all_views(data) -> None:
    recipe = Recipe(image=(ImageRecipe(size=32), ImageRecipe(size=16)))
    batch = _batch(data, recipe)
    mixed = BatchMixGen(MixGen(ratio=0.4, lam=0.25))(batch)
    assert list(mixed.plan.partners) == [2, 3, 2, 3, 4]
    for own, found in zip(batch.views, mixed.views, strict=True):
        torch.testing.assert_close(found[:2], 0.25 * own[:2] + 0.75 * own[2:4])
