"""Times `impasto_lab.bench.kernels.decoding`."""

from __future__ import annotations

import pytest

from impasto_lab.bench import kernels

# torchvision now points its users to torchcodec.
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


@pytest.mark.parametrize("arm", ["impasto", "pillow", "torchvision"])
def bench_decode(timed, jpegs, arm) -> None:
    timed(kernels.decoding(jpegs), arm)
