"""How much is timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from impasto.errors import RecipeError
from impasto_lab.bench.settings import (
    FeedTiming,
    KernelTiming,
    LoaderTiming,
    ScaleTiming,
    StyleTiming,
    TrainStepTiming,
)


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


@pytest.mark.parametrize(
    ("timing", "given"),
    [
        (LoaderTiming, {"workers": (0, 0)}),
        (LoaderTiming, {"peers": ("pillow", "pillow")}),
        (LoaderTiming, {"cores": (1, 2, 1)}),
        (KernelTiming, {"sizes": ("96x96", "96x96")}),
        (KernelTiming, {"formats": ("PNG", "PNG")}),
        (KernelTiming, {"qualities": (90, 90)}),
        (KernelTiming, {"samplings": ("4:2:0", "4:2:0")}),
        (KernelTiming, {"threads": (1, 1)}),
        (ScaleTiming, {"samples": (1000, 1000)}),
        (ScaleTiming, {"workers": (1, 1)}),
        (ScaleTiming, {"ranks": (1, 1)}),
        (FeedTiming, {"cores": (1, 1)}),
    ],
)
def test_what_has_rows_of_its_own_is_named_once(timing: Callable[..., object], given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(RecipeError, match=f"{name}=.* name each of them once"):
        timing(**given)


def test_all_peers_are_no_more_with_others() -> None:
    with pytest.raises(RecipeError, match="'all' takes in every other; leave those out"):
        LoaderTiming(peers=("all", "pillow"))


def test_what_is_resized_to_is_no_larger_than_what_is_decoded() -> None:
    with pytest.raises(RecipeError, match="side: 100000x100000 are more pixels than 178,956,970"):
        KernelTiming(side=100_000)
