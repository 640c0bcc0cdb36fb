"""RandAugment with two of torchvision's operations on images of 224x224: drawn and done to one image after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torchvision.transforms import InterpolationMode, v2

import impasto
from impasto import ImageRecipe, ops

POLICY = impasto.RandAugment(n=2, m=9, ops="torchvision")
FACTORS = {"Brightness", "Contrast", "Color", "Sharpness"}

Operations = list[list[tuple[str, list[float]]]]


@pytest.fixture(scope="module")
def images(jpegs: list[bytes]) -> list[np.ndarray]:
    return [ops.load(jpeg, ImageRecipe(size=224), sample=number)[0] for number, jpeg in enumerate(jpegs)]


def _torchvision(image: Any, operations: list[tuple[str, list[float]]]) -> Any:
    """The same operations by what is under torchvision's RandAugment; it needs not draw them."""
    under = v2.RandAugment()._apply_image_or_video_transform
    for name, values in operations:
        magnitude = values[0] - (name in FACTORS) if values else 0.0
        magnitude /= 255 if name == "Solarize" else 1
        image = under(image, name, magnitude, interpolation=InterpolationMode.NEAREST, fill={})
    return image


def _arms(images: list[np.ndarray]) -> dict[str, Callable[[], list[Any]]]:
    operations = [ops.augment(image, POLICY, sample=sample)[1] for sample, image in enumerate(images)]
    pictures = [PIL.Image.fromarray(image) for image in images]
    tensors = [torch.from_numpy(image).permute(2, 0, 1).contiguous() for image in images]
    return {
        "impasto": lambda: [ops.augment(image, POLICY, sample=sample)[0] for sample, image in enumerate(images)],
        "pillow": lambda: [_torchvision(*item) for item in zip(pictures, operations, strict=True)],
        "torchvision": lambda: [_torchvision(*item) for item in zip(tensors, operations, strict=True)],
    }


@pytest.mark.benchmark(group="RandAugment (N=2), 64 images of 224x224")
@pytest.mark.parametrize("arm", ["impasto", "pillow", "torchvision"])
def bench_randaugment(benchmark: BenchmarkFixture, images: list[np.ndarray], arm: str) -> None:
    arms = _arms(images)
    ours = arms["impasto"]()
    for mine, picture in zip(ours, arms["pillow"](), strict=True):
        assert np.array_equal(mine, np.asarray(picture))
    # On tensors torchvision computes colours in floats and turns about other centres.
    distances = [
        np.abs(mine.astype(np.int16) - tensor.permute(1, 2, 0).numpy()).mean()
        for mine, tensor in zip(ours, arms["torchvision"](), strict=True)
    ]
    assert np.median(distances) < 1.0
    benchmark(arms[arm])


@pytest.mark.benchmark(group="RandAugment (N=2) as ALBEF's, 64 images of 224x224")
def bench_albef(benchmark: BenchmarkFixture, images: list[np.ndarray]) -> None:
    policy = impasto.RandAugment(n=2, m=7, ops="albef")
    benchmark(lambda: [ops.augment(image, policy, sample=sample)[0] for sample, image in enumerate(images)])


@pytest.mark.benchmark(group="load 64 JPEGs with and without RandAugment (N=2)")
@pytest.mark.parametrize(
    "augment", [(), (POLICY,), (impasto.RandAugment(),)], ids=["impasto", "impasto, torchvision's", "impasto, ALBEF's"]
)
def bench_loader(benchmark: BenchmarkFixture, jpegs: list[bytes], augment: tuple[impasto.Augmentation, ...]) -> None:
    data = impasto.sources.Sequence([(jpeg, "a photograph") for jpeg in jpegs])
    recipe = impasto.Recipe(image=ImageRecipe(size=224, augment=augment), text=None)
    loader = impasto.Loader(data, recipe, batch_size=64, workers=0)

    def epoch() -> int:
        loader.set_epoch(0)
        return sum(len(operations) for batch in loader for operations in batch.plan.augmentations)

    assert (epoch() > 0) == bool(augment)
    benchmark(epoch)
