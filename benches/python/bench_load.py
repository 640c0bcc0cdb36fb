"""Decoding, cropping at random, resizing to 224 and flipping: a JPEG's bytes to [224, 224, 3] uint8."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest
import torch
import torchvision.io as tv
import torchvision.transforms.v2.functional as transforms
from pytest_benchmark.fixture import BenchmarkFixture

from impasto import ImageRecipe, ops
from impasto_lab.bench.work import Views

# torchvision now points its users to torchcodec.
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


def _impasto(jpeg: bytes, number: int, views: Views, interpolation: str) -> np.ndarray:
    return ops.load(jpeg, ImageRecipe(interpolation=interpolation), sample=number)[0]


def _exact(jpeg: bytes, number: int, views: Views, interpolation: str) -> np.ndarray:
    return ops.load(jpeg, ImageRecipe(interpolation=interpolation, exact=True), sample=number)[0]


def _pillow(jpeg: bytes, number: int, views: Views, interpolation: str) -> np.ndarray:
    left, top, width, height = views.boxes[number].tolist()
    image = PIL.Image.open(io.BytesIO(jpeg)).convert("RGB").crop((left, top, left + width, top + height))
    image = image.resize((224, 224), PIL.Image.Resampling[interpolation.upper()])
    return np.asarray(image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT) if views.flips[number] else image)


def _torchvision(jpeg: bytes, number: int, views: Views, interpolation: str) -> np.ndarray:
    left, top, width, height = views.boxes[number].tolist()
    image = tv.decode_jpeg(torch.frombuffer(bytearray(jpeg), dtype=torch.uint8), mode=tv.ImageReadMode.RGB)
    mode = transforms.InterpolationMode(interpolation)
    image = transforms.resized_crop(image, top, left, height, width, [224, 224], mode, antialias=True)
    return (transforms.horizontal_flip(image) if views.flips[number] else image).permute(1, 2, 0).numpy()


RIVALS = {"impasto": _impasto, "impasto exact": _exact, "pillow": _pillow, "torchvision": _torchvision}


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("rival", RIVALS)
def bench_load(benchmark: BenchmarkFixture, jpegs: list[bytes], views: Views, interpolation: str, rival: str) -> None:
    load = RIVALS[rival]
    for number, jpeg in enumerate(jpegs):
        truth = _pillow(jpeg, number, views, interpolation).astype(int)
        difference = np.abs(load(jpeg, number, views, interpolation) - truth)
        # The timed fast path may skip detail that the resize would average away; tests/ops bounds it.
        tolerance = 6 if rival == "torchvision" and interpolation == "bicubic" else 1
        assert difference.mean() < 3 if rival == "impasto" else difference.max() <= tolerance
    benchmark.group = f"decode, crop, resize 64 JPEGs to 224, {interpolation}"
    benchmark(lambda: [load(jpeg, number, views, interpolation) for number, jpeg in enumerate(jpegs)])
