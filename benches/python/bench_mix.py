"""MixGen on a quarter, normalising, HWC -> CHW: [64, 224, 224, 3] uint8 to [64, 3, 224, 224] float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from impasto import MixGen, mixgen, ops
from impasto.recipe.image import NORMALIZATIONS

MEAN, STD = (torch.tensor(triple).view(1, 3, 1, 1) for triple in NORMALIZATIONS["clip"])
COUNT = 64
GROUP = "mix, normalise, lay out 64 images of 224x224"


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (COUNT, 224, 224, 3), dtype=np.uint8)


def _impasto(images: np.ndarray) -> np.ndarray:
    plan = mixgen.plan_at(MixGen(), batch_size=COUNT)
    partners, lams = plan.partners, plan.lams
    return ops.normalize(images, "clip", partners=partners, lams=lams)


def _torch(images: np.ndarray) -> np.ndarray:
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    batch = batch.div_(255).sub_(MEAN).div_(STD)
    count = COUNT // 4
    batch[:count].mul_(0.5).add_(batch[count : 2 * count], alpha=0.5)
    return batch.numpy()


@pytest.mark.benchmark(group=GROUP)
@pytest.mark.parametrize("mix", [_impasto, _torch], ids=["impasto", "torch"])
def bench_mix(benchmark: BenchmarkFixture, images: np.ndarray, mix) -> None:
    assert np.abs(mix(images) - _torch(images)).max() < 1e-5
    benchmark(mix, images)


@pytest.mark.benchmark(group=GROUP)
def bench_copy(benchmark: BenchmarkFixture) -> None:
    """The yardstick: a copy of as many bytes as are written, into memory as fresh."""
    written = np.zeros((COUNT, 3, 224, 224), np.float32)
    benchmark(written.copy)
