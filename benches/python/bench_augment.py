"""Times `impasto_lab.bench.kernels.augmentation`."""

from __future__ import annotations

import pytest

from impasto_lab.bench import kernels


@pytest.mark.parametrize("arm", ["impasto", "pillow", "torchvision"])
def bench_randaugment(timed, jpegs, arm) -> None:
    timed(kernels.randaugment(jpegs), arm)


def bench_albef(timed, jpegs) -> None:
    timed(kernels.albef_randaugment(jpegs), "impasto")


@pytest.mark.parametrize("arm", ["impasto", "impasto, torchvision's", "impasto, ALBEF's"])
def bench_loader(timed, jpegs, arm) -> None:
    timed(kernels.augmented_epochs(jpegs), arm)
