"""How much is timed."""

from __future__ import annotations

import pytest

from impasto.errors import RecipeError
from impasto_lab.bench.settings import LoaderTiming, ScaleTiming, StyleTiming, TrainStepTiming


def test_quick_is_less_unless_told_otherwise() -> None:
    assert LoaderTiming.quick(rounds=7) == LoaderTiming(images=128, batch_size=32, rounds=7, workers=(0,))
    assert StyleTiming.quick(seed=1) == StyleTiming(rounds=3, seed=1)
    assert TrainStepTiming.quick(seed=1) == TrainStepTiming(images=64, rounds=3, seed=1)


@pytest.mark.parametrize("name", ["images", "batch_size", "rounds"])
def test_a_number_is_too_small(name: str) -> None:
    with pytest.raises(RecipeError, match=f"{name}=0 must be a whole number of at least 1"):
        LoaderTiming(**{name: 0})


def test_images_fill_a_batch() -> None:
    with pytest.raises(RecipeError, match="images=31 are fewer than a batch of 32"):
        TrainStepTiming(images=31)


def test_scales_fill_a_batch() -> None:
    assert ScaleTiming.quick(seed=1) == ScaleTiming(samples=(1_000, 4_000), workers=(0, 1), batches=4, seed=1)
    for wrong in ({"samples": (100,)}, {"samples": ()}, {"epoch": 3}, {"ranks": (300,)}):
        with pytest.raises(RecipeError, match="must fill a batch of 240"):
            ScaleTiming(**wrong)
