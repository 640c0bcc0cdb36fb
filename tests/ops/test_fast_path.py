"""How far the fast path (cropped, DCT-scaled decode) is from the exact one, over natural photographs.

The two differ where a JPEG is larger than the target: libjpeg's scaled inverse DCT is another low-pass filter than
Pillow's antialiased resize from full size. README states the same figures.
"""

import numpy as np
import PIL.Image
import pytest

from impasto import ImageRecipe, ops


def psnr(a, b):
    error = np.mean((a.astype(float) - b) ** 2)
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


def decibels(photographs, encode, recipe, **options):
    found = []
    for photograph in photographs.values():
        data = encode(photograph, quality=90, **options)
        for sample in range(12):
            fast, *view = ops.load(data, ImageRecipe(**recipe), sample=sample)
            exact, *same = ops.load(data, ImageRecipe(**recipe, exact=True), sample=sample)
            assert view == same
            found.append(psnr(fast, exact))
    return np.array(found)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_random_crops(photographs, encode, subsampling):
    found = decibels(photographs, encode, {"size": 224}, subsampling=subsampling)
    assert np.median(found) > 38 and found.min() > 30


def test_small_targets(photographs, encode):
    found = decibels(photographs, encode, {"size": 64, "crop": "center"})
    assert np.median(found) > 36 and found.min() > 29


def levels(data, recipe, samples=8):
    """Absolute differences of the two paths, of all crops."""
    both = (
        [ops.load(data, ImageRecipe(**recipe, exact=exact), sample=k)[0] for k in range(samples)]
        for exact in (False, True)
    )
    fast, exact = (np.stack(images).astype(int) for images in both)
    return np.abs(fast - exact)


KINDS = {
    "4:2:0": ("RGB", {"subsampling": "4:2:0"}),
    "4:2:2": ("RGB", {"subsampling": "4:2:2"}),
    "4:4:4": ("RGB", {"subsampling": "4:4:4"}),
    "progressive": ("RGB", {"subsampling": "4:2:0", "progressive": True}),
    "RGB": ("RGB", {"keep_rgb": True}),
    "gray": ("L", {}),
    "CMYK": ("CMYK", {}),
}


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("kind", KINDS)
def test_crops_that_are_not_scaled_differ_by_rounding(photographs, encode, kind, interpolation):
    """The exact path rounds to levels before and between its passes; the fast path keeps fractions."""
    mode, options = KINDS[kind]
    picture = PIL.Image.fromarray(photographs["chelsea"]).convert(mode)
    found = levels(
        encode(picture, quality=90, **options), {"size": 224, "interpolation": interpolation, "scale": (0.1, 1.0)}
    )
    luma_and_chroma = kind not in ("RGB", "gray", "CMYK")
    assert found.mean() < (0.4 if luma_and_chroma else 0.25)
    assert np.percentile(found, 99) <= (2 if luma_and_chroma else 1)


def test_targets_larger_than_the_crop_take_the_whole_resolution(photographs, encode):
    """Nothing is scaled then; only chroma upsampling at the crop's border may differ."""
    found = decibels(photographs, encode, {"size": 512, "scale": (0.05, 0.3)})
    assert np.median(found) > 45
