"""The noise score against known noise and photographs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.data import astronaut, chelsea, coffee
from skimage.restoration import estimate_sigma

from impasto import RecipeError, ops


def test_never_more_than_the_noise_that_was_put_there() -> None:
    rng = np.random.default_rng(0)
    slope = np.linspace(40, 210, 256)[None, :, None] * np.ones((256, 1, 3))
    scores = []
    for sigma in (0.0, 5.0, 15.0, 40.0):
        image = np.clip(np.rint(slope + rng.normal(0, sigma, (256, 256, 1))), 0, 255).astype(np.uint8)
        scores.append(ops.noise_score(image))
        # another estimator of the noise, by wavelets
        assert scores[-1] <= 1.1 * estimate_sigma(image[..., 0].astype(float)) / image[..., 0].std() + 0.01
    assert scores == sorted(scores) and scores[0] < 0.02
    flat = np.clip(np.rint(rng.normal(128, 20, (256, 256, 1))), 0, 255).astype(np.uint8).repeat(3, 2)
    assert ops.noise_score(flat) == pytest.approx(1.0, abs=0.03)


def test_a_fine_plaid_is_no_noise() -> None:
    """Its means over blocks are nearly flat; what the kernel leaves of sin(x) sin(y) is known."""
    wave = np.sin(2 * np.pi * np.arange(96) / 8)
    image = np.rint(128 + 100 * wave[:, None] * wave[None, :]).astype(np.uint8)[..., None].repeat(3, 2)
    left = (2 - 2 * np.cos(2 * np.pi / 8)) ** 2 * np.abs(wave).mean() ** 2 / np.square(wave).mean()
    assert ops.noise_score(image) == pytest.approx(np.sqrt(np.pi / 2) / 6 * left, rel=0.03)


def test_pictures_lie_below_what_shows_nothing() -> None:
    rng = np.random.default_rng(1)
    pictures = [np.ascontiguousarray(one[:300, :300]) for one in (astronaut(), chelsea(), coffee())]
    scores = [ops.noise_score(one) for one in pictures]
    shuffled = [one.reshape(-1, 3)[rng.permutation(90_000)].reshape(one.shape) for one in pictures]
    assert max(scores) < 0.2 and min(map(ops.noise_score, shuffled)) > 0.8
    blurred = gaussian_filter(pictures[0], (2, 2, 0))
    assert ops.noise_score(blurred) < scores[0]
    assert ops.noise_score((pictures[0] // 3).astype(np.uint8)) == pytest.approx(scores[0], abs=0.03)
    assert ops.noise_score(np.full((9, 9, 3), 77, np.uint8)) == 1.0
    with pytest.raises(RecipeError, match="8 x 8"):
        ops.noise_score(np.zeros((2, 9, 3), np.uint8))
