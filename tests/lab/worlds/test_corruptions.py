"""Corruptions: each is itself, worse with severity, the same for a stream, and what its published strengths say."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest
from skimage import color, data, transform
from skimage.metrics import structural_similarity

from impasto import RecipeError
from impasto_lab.worlds import CORRUPTIONS, SEVERITIES, corrupt


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    small = transform.resize(data.chelsea()[:, 75:375], (64, 64), anti_aliasing=True)
    return np.rint(small * 255).astype(np.uint8)


def _rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_there_are_fifteen_of_five() -> None:
    assert len(CORRUPTIONS) == 15 and SEVERITIES == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_worst_is_worse_and_a_stream_gives_one_picture(name: str, cat: np.ndarray) -> None:
    likeness = [structural_similarity(cat, corrupt(cat, name, severity, _rng()), channel_axis=2) for severity in (1, 5)]
    assert 0.99 > likeness[0] > likeness[1] or name == "elastic transform"  # its kinds are not ordered in that
    one, same = (corrupt(cat, name, 3, _rng()) for _ in range(2))
    assert one.dtype == np.uint8 and one.shape == cat.shape and np.array_equal(one, same)


def test_noise_has_the_published_strength() -> None:
    gray = np.full((200, 200, 3), 128, np.uint8)
    draw = np.random.default_rng(1)
    for severity, deviation, photons, lost in zip(
        SEVERITIES, (0.08, 0.12, 0.18, 0.26, 0.38), (60, 25, 12, 5, 3), (0.03, 0.06, 0.09, 0.17, 0.27), strict=True
    ):
        expected = np.clip(draw.normal(128 / 255, deviation, gray.shape), 0, 1).std()
        assert corrupt(gray, "gaussian noise", severity, _rng()).std() / 255 == pytest.approx(expected, rel=0.03)
        expected = np.clip(draw.poisson(128 / 255 * photons, gray.shape) / photons, 0, 1).std()
        assert corrupt(gray, "shot noise", severity, _rng()).std() / 255 == pytest.approx(expected, rel=0.03)
        seen = corrupt(gray, "impulse noise", severity, _rng())
        assert [(seen == value).mean() for value in (0, 255)] == pytest.approx([lost / 2] * 2, abs=0.01)
        assert (seen == 128).mean() == pytest.approx(1 - lost, abs=0.01)


def test_what_is_compressed_is_pillows(cat: np.ndarray) -> None:
    for severity, quality in zip(SEVERITIES, (25, 18, 15, 10, 7), strict=True):
        file = io.BytesIO()
        PIL.Image.fromarray(cat).save(file, "JPEG", quality=quality)
        assert np.array_equal(corrupt(cat, "JPEG compression", severity, _rng()), np.asarray(PIL.Image.open(file)))


def test_frost_keeps_its_published_share_of_the_picture() -> None:
    """The same ice over black and over gray differs by that share."""
    for severity, share in zip(SEVERITIES, (1.0, 0.8, 0.7, 0.65, 0.6), strict=True):
        black, gray = (
            corrupt(np.full((64, 64, 3), value, np.uint8), "frost", severity, _rng()).astype(int) for value in (0, 40)
        )
        assert (gray - black)[gray < 255].mean() == pytest.approx(40 * share, abs=0.6)


def test_brightness_is_hsvs(cat: np.ndarray) -> None:
    before, after = (color.rgb2hsv(image) for image in (cat, corrupt(cat, "brightness", 2, _rng())))
    dark = (before[..., 2] < 0.75) & (before[..., 2] > 0.2)
    assert np.abs(after[..., 2] - before[..., 2] - 0.2)[dark].max() < 0.005
    assert np.abs(after[..., 1] - before[..., 1])[dark].max() < 0.03


def test_contrast_shrinks_about_the_mean(cat: np.ndarray) -> None:
    less = corrupt(cat, "contrast", 2, _rng())
    assert less.std(axis=(0, 1)) == pytest.approx(0.3 * cat.std(axis=(0, 1)), rel=0.03)
    assert less.mean(axis=(0, 1)) == pytest.approx(cat.mean(axis=(0, 1)), abs=0.5)


def test_a_point_out_of_focus_is_a_disk() -> None:
    point = np.zeros((224, 224, 3), np.uint8)
    point[100:103, 100:103] = 255
    seen = corrupt(point, "defocus blur", 5, _rng())[..., 0] > 0
    # A radius of 10 pixels, of a picture of 224, around three pixels.
    assert seen[101].sum() == pytest.approx(23, abs=3) and seen.sum() == pytest.approx(np.pi * 11.5**2, rel=0.15)


def test_unknown_ones_are_refused(cat: np.ndarray) -> None:
    with pytest.raises(RecipeError, match="corruption='rain'"):
        corrupt(cat, "rain", 1, _rng())
    with pytest.raises(RecipeError, match="severity=6"):
        corrupt(cat, "fog", 6, _rng())
