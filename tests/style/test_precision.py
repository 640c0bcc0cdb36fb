"""TF32 is stated in one place, and put back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from impasto import RecipeError
from impasto.style.run import precision
from impasto.style.run.precision import float32_as


def old() -> list[bool]:
    return [torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32]


def new() -> list[str]:
    cudnn = torch.backends.cudnn
    return [cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision, torch.backends.cuda.matmul.fp32_precision]


def test_it_is_stated_and_put_back() -> None:
    before = old()
    with float32_as("ieee"):
        assert old() == [False, False]
        with float32_as("tf32"):
            assert old() == [True, True]
        assert old() == [False, False]
    assert old() == before
    with pytest.raises(KeyError), float32_as("tf32"):
        raise KeyError
    assert old() == before


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="torch has one setting for all")
def test_somebody_who_set_each_operation_gets_it_back() -> None:
    cudnn, before = torch.backends.cudnn, new()
    try:
        cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision = "ieee", "tf32"
        apart = new()
        with float32_as("tf32"):
            assert new() == ["tf32"] * 3
        with float32_as("ieee"):
            assert new() == ["ieee"] * 3
        assert new() == apart
    finally:
        for owner, value in zip((cudnn.conv, cudnn.rnn, torch.backends.cuda.matmul), before, strict=True):
            owner.fp32_precision = value
    assert old() == [False, False]


def test_no_new_names_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch before 2.9 has none."""
    cudnn, matmul = SimpleNamespace(allow_tf32=True), SimpleNamespace(allow_tf32=False)
    backends = SimpleNamespace(cudnn=cudnn, cuda=SimpleNamespace(matmul=matmul))
    monkeypatch.setattr(precision, "torch", SimpleNamespace(backends=backends))
    with float32_as("ieee"):
        assert (cudnn.allow_tf32, matmul.allow_tf32) == (False, False)
    assert (cudnn.allow_tf32, matmul.allow_tf32) == (True, False)


def test_no_other_precision() -> None:
    with pytest.raises(RecipeError, match="precision='bf16'"), float32_as("bf16"):  # type: ignore[arg-type]
        pass


@pytest.mark.gpu
def test_it_matters_on_a_gpu() -> None:
    images, weight = torch.rand(2, 64, 32, 32).cuda(), torch.rand(64, 64, 3, 3).cuda() - 0.5
    exact = torch.nn.functional.conv2d(images.double(), weight.double())
    with float32_as("ieee"):
        worst = float((torch.nn.functional.conv2d(images, weight) - exact).abs().max())
    assert worst < 1e-4
