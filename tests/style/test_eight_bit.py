"""Style by bytes: sums are exact, rounding is what was promised, and what can't be had is said."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from impasto.batch import BatchId
from impasto.errors import RecipeError
from impasto.ops import resize
from impasto.style import StyleRandomizer, fast
from impasto.style.run import eight_bit
from impasto.style.run.layers import DoublingConv, FastReflectConv

needs_bytes = pytest.mark.skipif(not eight_bit.available(), reason="this CPU has no products of bytes")


def _rounded(values: Tensor, largest: Tensor, levels: int) -> Tensor:
    unit = largest.double() / levels
    return torch.floor(values.double() / unit + 0.5) * unit


@needs_bytes
@hypothesis_settings(max_examples=30)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(6, 17), st.integers(6, 17)),
    outputs=st.integers(1, 20),
    border=st.integers(0, 4),
    stride=st.integers(1, 2),
    signed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_products_of_what_is_rounded_are_summed_exactly(
    shape: tuple[int, int, int, int], outputs: int, border: int, stride: int, signed: bool, seed: int
) -> None:
    """As torch sums them in float64, reflected by its own padding; an image's scale is its own."""
    torch.manual_seed(seed)
    side = 2 * border + 1
    features = torch.randn(shape) * torch.rand(shape[0])[:, None, None, None]
    features = features if signed else features.abs()
    weight = torch.randn(outputs, shape[1], side, side)
    conv = eight_bit.EightBitConv(FastReflectConv(weight, border=border, stride=stride), signed=signed)
    weights = _rounded(weight, weight.abs().amax(dim=(1, 2, 3), keepdim=True), 127)
    taken = _rounded(features, features.abs().amax(dim=(1, 2, 3), keepdim=True), 127 if signed else 255)
    expected = functional.conv2d(functional.pad(taken, [border] * 4, mode="reflect"), weights, stride=stride)
    # A value next to a half may be rounded the other way: one level of one feature.
    torch.testing.assert_close(conv(features).double(), expected, rtol=1e-5, atol=0.02 * float(expected.abs().max()))
    assert float((conv(features) - expected).abs().mean()) < 2e-4 * float(expected.abs().max())


@needs_bytes
@pytest.mark.parametrize("bilinear", [False, True])
def test_doubled_features_are_those_of_the_wide_convolution(bilinear: bool) -> None:
    torch.manual_seed(0)
    wide = DoublingConv(torch.randn(6, 10, 3, 3), bilinear=bilinear)
    for signed in (False, True):
        features = torch.randn(2, 10, 9, 12) if signed else torch.rand(2, 10, 9, 12)
        made = eight_bit.EightBitDoublingConv(wide, signed=signed)(features)
        expected = wide(features)
        assert made.shape == (2, 6, 18, 24)
        assert float((made - expected).abs().mean()) < 0.01 * float(expected.std())


@pytest.fixture(scope="module")
def photographs() -> Tensor:
    shown = [resize(getattr(skimage.data, name)(), 96) for name in ("astronaut", "coffee", "chelsea", "rocket")]
    return torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 255


@needs_bytes
def test_the_default_model_is_off_by_little(photographs: Tensor) -> None:
    for alpha in (1.0, 0.5, 0.0):
        wide, narrow = (StyleRandomizer.load(alpha=alpha, seed=3, dtype=dtype) for dtype in (None, torch.int8))
        off = (wide(photographs, id=BatchId(0, 0)) - narrow(photographs, id=BatchId(0, 0))).abs().flatten()
        assert float(off.mean()) <= 0.005
        assert float(off.kthvalue(int(0.99 * len(off))).values) <= 0.02
        assert (float(off.max()) > 0) == (alpha > 0), "strength 0 is the image itself"


@needs_bytes
def test_copies_work_as_it_does(photographs: Tensor) -> None:
    network = StyleRandomizer.load().model.transformer
    form, styles = fast(network, dtype=torch.int8), torch.randn(4, network.embedding)
    expected = form(photographs, styles)
    for other in (copy.deepcopy(form), pickle.loads(pickle.dumps(form)), form.to("cpu")):
        assert torch.equal(other(photographs, styles), expected)
    above = form(photographs * 1.5, styles)
    assert torch.equal(above, form((photographs * 1.5).clamp(max=1), styles)), "bytes don't run over"


def test_what_can_not_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(**options: Any) -> StyleRandomizer:
        return StyleRandomizer.load(dtype=torch.int8, **options)

    for options in ({"differentiable": True}, {"backend": "torchscript"}):
        with pytest.raises(RecipeError, match="no gradients, and backend='eager' alone"):
            load(**options)
    with pytest.raises(RecipeError, match=r"dtype=torch.int16 must be a floating point dtype of torch, torch\.int8"):
        StyleRandomizer.load(dtype=torch.int16)
    with pytest.raises(RecipeError, match=r"dtype=torch\.int8 can't be TorchScript"):
        load().to_torchscript()
    monkeypatch.setattr(eight_bit, "available", lambda: False)
    with pytest.raises(RecipeError, match=r"dtype=torch\.int8 needs a CPU with VNNI"):
        load()(torch.rand(1, 3, 32, 32), id=BatchId(0, 0))
