"""Padding is Pillow's `ImageOps.pad`, and what is on an image goes with it."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import PIL.ImageOps
from hypothesis import given
from hypothesis import strategies as st

from impasto import ImageRecipe, Loader, Recipe, loading, ops
from impasto.sources import Sequence

FILL = (3, 200, 90)
side = st.integers(1, 90)


def _png(height: int, width: int) -> bytes:
    pixels = np.random.default_rng(height * 100 + width).integers(0, 256, (height, width, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@given(side, side, st.integers(1, 64), st.integers(1, 64), st.sampled_from(["bicubic", "bilinear"]))
def test_padding_is_pillows(height: int, width: int, rows: int, columns: int, interpolation: str) -> None:
    data = _png(height, width)
    recipe = ImageRecipe(
        size=(rows, columns), crop="pad", fill=FILL, hflip=0.0, interpolation=interpolation, exact=True
    )
    picture = PIL.Image.open(io.BytesIO(data))
    # Pillow refuses an image so long that no pixel of its other side is left; ours keeps one.
    thin = min(round(height / width * columns), round(width / height * rows)) == 0
    method = PIL.Image.Resampling[interpolation.upper()]
    found, _, _ = ops.load(data, recipe)
    mirrored, _, flip = ops.load(data, ImageRecipe(size=(rows, columns), crop="pad", fill=FILL, hflip=1.0, exact=True))
    assert flip
    if thin:
        assert found.shape == (rows, columns, 3)
        return
    expected = PIL.ImageOps.pad(picture, (columns, rows), method=method, color=FILL)
    np.testing.assert_array_equal(found, np.asarray(expected))
    if interpolation == "bicubic":
        np.testing.assert_array_equal(mirrored[:, ::-1], np.asarray(expected))


def test_jpegs_are_padded_on_the_fast_path(photographs, encode) -> None:
    jpeg = encode(photographs["coffee"], quality=90)
    recipes = [ImageRecipe(size=64, crop="pad", fill=FILL, exact=exact) for exact in (False, True)]
    fast, exact = (ops.load(jpeg, recipe)[0].astype(int) for recipe in recipes)
    bars = (exact == FILL).all(axis=(1, 2))
    assert 10 < bars.sum() < 30
    np.testing.assert_array_equal((fast == FILL).all(axis=(1, 2)), bars)
    assert np.abs(fast - exact).mean() < 3


@given(st.integers(8, 90), st.integers(8, 90), st.booleans())
def test_boxes_and_masks_follow_into_the_padding(height: int, width: int, flip: bool) -> None:
    """A rectangle that is painted is found where its box, its mask and its corners went."""
    size = (40, 48)
    left, top, right, bottom = width // 4, height // 4, width - width // 4, height - height // 4
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right] = 255
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    view = {"crop": "pad", "fill": (0, 0, 0), "hflip": float(flip), "dtype": "uint8", "layout": "hwc"}
    recipe = Recipe(image=ImageRecipe(size=size, interpolation="bilinear", **view), text=None)
    batch = next(iter(Loader(Sequence([(file.getvalue(), "x")]), recipe, batch_size=1, workers=0)))
    image = batch.images[0, ..., 0].numpy()
    moved = loading.follow_boxes([[left, top, right, bottom]], batch.plan, 0, size).boxes[0]
    found = np.argwhere(image > 127)
    scale = max(size[0] / height, size[1] / width)
    np.testing.assert_allclose(moved[:2], found.min(axis=0)[::-1], atol=1 + scale / 2)
    np.testing.assert_allclose(moved[2:], found.max(axis=0)[::-1] + 1, atol=1 + scale / 2)
    mask = loading.follow_masks(np.ones((height, width), np.uint8), batch.plan, 0, size, fill=7)
    inner = PIL.ImageOps.pad(PIL.Image.fromarray(np.ones((height, width), np.uint8)), size[::-1], color=7)
    expected = np.asarray(inner)[:, ::-1] if flip else np.asarray(inner)
    np.testing.assert_array_equal(mask, expected)
