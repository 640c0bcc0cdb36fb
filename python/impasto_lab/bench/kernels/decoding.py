"""Decoding in full: a JPEG's bytes to [480, 640, 3] uint8."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import PIL.Image
import torch
import torchvision.io as tv

from impasto import ops
from impasto_lab.bench.kernels.group import Group


def decode_by_pillow(jpeg: bytes) -> ops.Image:
    """[H, W, 3] uint8."""
    return np.asarray(PIL.Image.open(io.BytesIO(jpeg)).convert("RGB"))


def decode_by_torchvision(jpeg: bytes) -> torch.Tensor:
    """[3, H, W] uint8."""
    buffer = torch.frombuffer(bytearray(jpeg), dtype=torch.uint8)
    image: torch.Tensor = tv.decode_jpeg(buffer, mode=tv.ImageReadMode.RGB)
    return image


def decoding(jpegs: Sequence[bytes]) -> Group:
    """Decoders of JPEG; all of them give Pillow's pixels."""

    def difference(_: str, answer: Sequence[Any]) -> str:
        arrays = [one.permute(1, 2, 0).numpy() if isinstance(one, torch.Tensor) else one for one in answer]
        equal = all((one == decode_by_pillow(jpeg)).all() for one, jpeg in zip(arrays, jpegs, strict=True))
        return "" if equal else "a pixel differs from Pillow's"

    return Group(
        title=f"decode {len(jpegs)} JPEGs of 640x480",
        arms={
            "impasto": lambda: [ops.decode(jpeg) for jpeg in jpegs],
            "pillow": lambda: [decode_by_pillow(jpeg) for jpeg in jpegs],
            "torchvision": lambda: [decode_by_torchvision(jpeg) for jpeg in jpegs],
        },
        difference=difference,
    )
