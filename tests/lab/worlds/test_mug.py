"""The picture of a mug is the same every time, and is of a mug: a glazed body left of its handle, on a table."""

import numpy as np
import pytest

import impasto
from impasto_lab.worlds.mug import render_mug


def test_the_same_arguments_give_the_same_pixels() -> None:
    one, same, other = (render_mug(48, seed) for seed in (0, 0, 1))
    assert one.shape == (48, 48, 3) and one.dtype == np.uint8
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_sizes_show_the_same_scene() -> None:
    large = render_mug(64).reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert np.abs(large - render_mug(32)).mean() < 3


def test_there_is_a_mug() -> None:
    pixels = render_mug(64).astype(int)
    body, wall, table = pixels[30, 26], pixels[2, 60], pixels[60, 5]
    assert np.ptp(body) > 80  # the glaze is colourful
    assert np.ptp(wall) < 20  # the wall is not
    assert table[0] > table[1] > table[2]  # wood
    assert np.abs(pixels[30, 20:30] - body).max() < 60  # the body is smooth


def test_too_small() -> None:
    with pytest.raises(impasto.RecipeError, match="at least 16"):
        render_mug(8)
