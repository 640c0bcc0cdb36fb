"""Triton's kernels compute what the network computes: on a GPU, and without one in Triton's interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from impasto.style import BackendWarning, StyleRandomizer, StyleTransformer, fused, prepare
from impasto.style.run import fold

from .conftest import tiny_model

pytest.importorskip("triton")


def _differences(device: str, **environment: str) -> float:
    """In a process of its own: Triton must know before it is imported."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("fused_cases.py")), device],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_the_interpreter_agrees_with_the_network() -> None:
    assert _differences("cpu", TRITON_INTERPRET="1") < 1e-4


@pytest.mark.gpu
@pytest.mark.timeout(240)
def test_the_gpu_agrees_with_the_network() -> None:
    assert _differences("cuda", NVIDIA_TF32_OVERRIDE="0") < 1e-3


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_on_a_gpu_is_near_the_network(dtype: torch.dtype) -> None:
    network = StyleTransformer().eval().cuda()
    images, styles = torch.rand(3, 3, 97, 130).cuda(), torch.randn(3, 100).cuda()
    expected = network(images, styles).detach()
    made = fused(network, dtype=dtype)(images, styles)
    assert made.dtype == torch.float32
    assert float((made - expected).abs().mean()) < (2e-3 if dtype == torch.float16 else 2e-2)


@pytest.mark.parametrize(("side", "kernel"), [(4, 9), (4, 3), (4, 15), (2, 5), (1, 3), (3, 7)])
def test_a_convolution_of_blocks_is_the_convolution(side: int, kernel: int) -> None:
    weight = torch.randn(5, 3, kernel, kernel).double()
    height, width = 3 * side, 4 * side
    wide = fold.gathered(weight, side)
    more = (wide.shape[-1] - 1) * side
    plane = torch.randn(2, 3, height + more, width + more).double()
    split = plane.view(2, 3, -1, side, (width + more) // side, side).permute(0, 3, 5, 1, 2, 4).flatten(1, 3)
    found = functional.conv2d(split, wide)
    laid = found.view(2, side, side, 5, 3, 4).permute(0, 3, 4, 1, 5, 2).reshape(2, 5, height, width)
    expected = functional.conv2d(plane, weight)[:, :, :height, :width]
    torch.testing.assert_close(laid, expected)


def test_where_kernels_can_t_run_the_fast_form_does_and_says_so() -> None:
    """On a CPU Triton has no driver."""
    images = torch.rand(3, 3, 24, 20)
    expected = StyleRandomizer(tiny_model(), seed=1)(images)
    with pytest.warns(BackendWarning, match="backend='triton' doesn't work"):
        found = StyleRandomizer(tiny_model(), seed=1, backend="triton")(images)
    assert torch.equal(found, expected)


def test_only_the_transformer_has_kernels() -> None:
    with pytest.warns(BackendWarning, match="no kernels for Linear"):
        prepare(torch.nn.Linear(2, 2), "triton")
