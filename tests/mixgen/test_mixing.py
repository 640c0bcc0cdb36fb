"""MixGen against the paper's pseudo-code, and normalisation against torchvision."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.v2.functional import normalize as torchvision_normalize

from impasto import MixGen, RecipeError, mixgen, ops
from impasto.recipe.image import NORMALIZATIONS


def pseudo_code(images, texts, count, lam):
    """Hao et al. 2022, figure 2, on copies."""
    images, texts = [image.astype(np.float64) for image in images], list(texts)
    for i in range(count):
        images[i] = lam * images[i] + (1 - lam) * images[i + count]
        texts[i] = texts[i] + " " + texts[i + count]
    return np.stack(images), texts


@given(
    rows=st.integers(1, 40),
    ratio=st.floats(0, 0.5),
    lam=st.floats(0, 1),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_mixing_is_the_pseudo_code(rows, ratio, lam, seed, data):
    # One that was dropped is not joined.
    texts = data.draw(st.lists(st.text(min_size=1, max_size=20), min_size=rows, max_size=rows))
    images = np.random.default_rng(seed).integers(0, 256, (rows, 4, 5, 3), dtype=np.uint8)
    before = images.copy()
    # A hair more, as for 0.29 * 100, whose binary fraction is less than 29.
    wanted, wanted_texts = pseudo_code(images, texts, int(ratio * rows + 1e-9), lam)

    plan = mixgen.plan_at(MixGen(ratio=ratio, lam=lam), batch_size=rows)
    partners, lams = plan.partners, plan.lams
    joined = [texts[i] if partners[i] == i else mixgen.join(texts[i], texts[partners[i]]) for i in range(rows)]
    assert joined == wanted_texts
    mixed = ops.normalize(images, None, partners=partners, lams=lams, layout="hwc")
    np.testing.assert_allclose(mixed, wanted / 255, atol=1e-6)
    rounded = ops.mix(images, partners, lams)
    assert np.abs(rounded - wanted).max() <= 0.5 + 1e-3
    assert np.array_equal(ops.mix(torch.from_numpy(images), partners, lams), rounded)
    tensor = ops.mix(torch.from_numpy(images).double(), partners, lams)
    np.testing.assert_allclose(tensor, wanted, atol=1e-4)  # lam is a float32
    assert np.array_equal(images, before)


@pytest.mark.parametrize("name", sorted(NORMALIZATIONS))
@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("side", [1, 7, 33, 64])
def test_normalisation_is_torchvision_s(name, layout, side):
    images = np.random.default_rng(0).integers(0, 256, (3, side, side + 2, 3), dtype=np.uint8)
    mean, std = NORMALIZATIONS[name]
    wanted = torchvision_normalize(torch.from_numpy(images).permute(0, 3, 1, 2) / 255, mean, std).numpy()
    single = ops.normalize(images, name, layout=layout)
    half = ops.normalize(images, name, layout=layout, dtype="float16")
    if layout == "hwc":
        single, half = single.transpose(0, 3, 1, 2), half.transpose(0, 3, 1, 2)
    np.testing.assert_allclose(single, wanted, atol=2e-6)
    np.testing.assert_array_equal(half, single.astype(np.float16))
    assert half.dtype == np.float16


def test_bytes_are_rounded_half_up():
    images = np.stack([np.full((2, 2, 3), value, np.uint8) for value in (0, 1, 254, 255)])
    mixed = ops.mix(images, np.array([1, 1, 3, 3]), np.array([0.5, 1, 0.5, 1], np.float32))
    assert mixed[:, 0, 0, 0].tolist() == [1, 1, 255, 255]


@pytest.mark.parametrize(
    ("images", "partners", "says"),
    [
        (np.zeros((2, 4, 4), np.uint8), [0, 1], r"must be \[B, H, W, 3\] uint8"),
        (np.zeros((2, 4, 4, 3), np.float32), [0, 1], "float32"),
        (np.zeros((2, 4, 4, 3), np.uint8), [0, 2], "partner"),
        (np.zeros((2, 4, 4, 3), np.uint8), [0], "partner"),
        (torch.zeros(2, 3, dtype=torch.int64), [0, 1], "uint8 or floating point"),
        (torch.zeros(2, 3), [0], "floating point"),
        (torch.zeros(2, 3), [0, -3], "partner"),
    ],
)
def test_what_does_not_fit_is_refused(images, partners, says):
    partners = np.array(partners)
    with pytest.raises(RecipeError, match=says):
        ops.mix(images, partners, np.ones(len(partners), np.float32))
