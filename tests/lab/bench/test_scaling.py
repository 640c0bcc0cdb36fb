"""Amdahl's law, read backwards, and what Python takes."""

from __future__ import annotations

import time

import pytest

from impasto import ImageRecipe, Loader, Recipe, sources
from impasto_lab.bench.photographs import write_files
from impasto_lab.bench.scaling import MANY, PythonShare, Scaling


def _busy(image, rng):
    """A transform that is Python's work for two milliseconds."""
    del rng
    end = time.thread_time() + 2e-3
    while time.thread_time() < end:
        pass
    return image


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


def test_what_python_takes(tmp_path):
    """By a transform that takes 2 ms of Python for each of 8 images."""
    files = write_files(tmp_path, 8, seed=0, size=(160, 120))
    data = sources.CocoCaptions(files.annotations, images=files.folder)

    def share(batch_size=2, **options):
        recipe = Recipe(image=ImageRecipe(size=64))
        loader = Loader(data, recipe, batch_size=batch_size, workers=0, seed=0, **options)
        return PythonShare.of(loader, epochs=3)

    usual, busy = share(), share(transform=_busy)
    assert 0 < usual.microseconds < 1000 < 2000 <= busy.microseconds < 20_000
    assert usual.share < busy.share < 1 and busy.allowed == pytest.approx(MANY / (1 + busy.share * (MANY - 1)))
    assert busy.batch_size == 2 and f"{busy.share:.1%}" in busy.line()
    assert share(batch_size=8) is None
