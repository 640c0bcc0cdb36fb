"""Amdahl's law, read backwards."""

from __future__ import annotations

import pytest

from impasto_lab.bench.scaling import MANY, Scaling


@pytest.mark.parametrize("serial", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("most", [2, 8])
def test_a_serial_share_is_found_again(serial, most):
    rates = {workers: 100 / (serial + (1 - serial) / workers) for workers in (1, 2, most)}
    found = Scaling.of({0: 90.0, **rates})
    assert (found.workers, found.serial) == (most, pytest.approx(serial, abs=1e-9))
    assert found.allowed == pytest.approx(MANY / (1 + serial * (MANY - 1)))
    assert f"{serial:.1%}" in found.line()


def test_what_says_nothing():
    assert Scaling.of({0: 1.0, 2: 3.0}) is None and Scaling.of({1: 2.0}) is None and Scaling.of({}) is None
    assert Scaling.of({1: 1.0, 2: 2.2}).serial == 0
