"""Decoding in full: a JPEG's bytes to [480, 640, 3] uint8."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest
import torch
import torchvision.io as tv
from pytest_benchmark.fixture import BenchmarkFixture

from impasto import ops

# torchvision now points its users to torchcodec.
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


def _impasto(jpeg: bytes) -> np.ndarray:
    return ops.decode(jpeg)


def _pillow(jpeg: bytes) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(jpeg)).convert("RGB"))


def _torchvision(jpeg: bytes) -> torch.Tensor:
    return tv.decode_jpeg(torch.frombuffer(bytearray(jpeg), dtype=torch.uint8), mode=tv.ImageReadMode.RGB)


@pytest.mark.benchmark(group="decode 64 JPEGs of 640x480")
@pytest.mark.parametrize("decode", [_impasto, _pillow, _torchvision], ids=["impasto", "pillow", "torchvision"])
def bench_decode(benchmark: BenchmarkFixture, jpegs: list[bytes], decode) -> None:
    for jpeg in jpegs:
        decoded = decode(jpeg)
        image = decoded.permute(1, 2, 0).numpy() if isinstance(decoded, torch.Tensor) else decoded
        assert (image == _pillow(jpeg)).all()
    benchmark(lambda: [decode(jpeg) for jpeg in jpegs])
