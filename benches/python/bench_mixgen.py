"""Times `impasto_lab.bench.kernels.mixing`."""

from __future__ import annotations

import pytest
import torch

from impasto_lab.bench import kernels


@pytest.mark.parametrize("arm", ["without", "impasto", "variant a", "variant d", "variant e"])
def bench_loader(timed, jpegs, captions, arm) -> None:
    timed(kernels.mixed_epochs(jpegs, captions), arm)


@pytest.mark.parametrize("arm", ["impasto", "official", "clone"])
def bench_tensors(timed, arm) -> None:
    timed(kernels.mixing(), arm)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("arm", ["impasto", "official", "clone"])
def bench_tensors_on_a_gpu(timed, arm) -> None:
    timed(kernels.mixing("cuda", 512), arm)
