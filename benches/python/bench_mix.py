"""Times `impasto_lab.bench.kernels.laying_out`."""

from __future__ import annotations

import pytest

from impasto_lab.bench import kernels


@pytest.mark.parametrize("arm", ["impasto", "torch", "copy"])
def bench_mix(timed, arm) -> None:
    timed(kernels.laying_out(), arm)
