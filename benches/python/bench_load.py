"""Times `impasto_lab.bench.kernels.resizing`."""

from __future__ import annotations

import pytest

from impasto_lab.bench import kernels

# torchvision now points its users to torchcodec.
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("arm", ["impasto", "impasto exact", "pillow", "torchvision"])
def bench_load(timed, jpegs, views, interpolation, arm) -> None:
    timed(kernels.resizing(jpegs, views, interpolation), arm)
