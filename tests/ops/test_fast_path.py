"""How far the fast path (cropped, DCT-scaled decode) is from the exact one, over natural photographs.

The two differ where a JPEG is larger than the target: libjpeg's scaled inverse DCT is another low-pass filter than
Pillow's antialiased resize from full size. README states the same figures.
"""

import numpy as np
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


def test_targets_larger_than_the_crop_take_the_whole_resolution(photographs, encode):
    """Nothing is scaled then; only chroma upsampling at the crop's border may differ."""
    found = decibels(photographs, encode, {"size": 512, "scale": (0.05, 0.3)})
    assert np.median(found) > 45
