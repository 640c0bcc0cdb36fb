"""Batches in a form that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import PIL.Image
import pytest

from impasto import ImageRecipe, MixGen, Recipe, TextRecipe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from impasto import Batch

    Photographs = dict[str, npt.NDArray[np.uint8]]
    Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(
        image=ImageRecipe(size=48, scale=(0.3, 1.0)),
        text=TextRecipe(length=32),
        mix=MixGen(ratio=0.25, lam=0.4),
    )


@pytest.fixture(scope="session")
def good(photographs: Photographs, encode: Encode) -> list[bytes]:
    """Images that nothing is wrong with: a corner of each photograph."""
    return [encode(photograph[:90, :120], quality=90) for photograph in photographs.values()]


@pytest.fixture(scope="session")
def digest() -> Callable[[Batch], str]:
    """A hash of everything in a batch, byte for byte."""

    def digest(batch: Batch) -> str:
        hashed = hashlib.sha256()
        plan = batch.plan
        arrays: list[Any] = [plan.boxes, plan.flips, plan.choices, plan.partners, plan.lams]
        tensors = [batch.images, batch.input_ids, batch.attention_mask, batch.labels, batch.lost]
        arrays += [tensor.numpy() for tensor in tensors if tensor is not None]
        for array in arrays:
            hashed.update(f"{array.shape} {array.dtype}".encode())
            hashed.update(array.tobytes())
        hashed.update(repr((batch.keys, batch.captions, batch.replaced)).encode())
        return hashed.hexdigest()

    return digest


def _without(jpeg: bytes, marker: int) -> bytes:
    """The JPEG without its segments of one kind."""
    at, kept = 2, jpeg[:2]
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept += b"" if jpeg[at + 1] == marker else jpeg[at:end]
        at = end
    return kept + jpeg[at:]


@pytest.fixture(scope="session")
def odd_files(photographs: Photographs, encode: Encode) -> dict[str, bytes]:
    """Files that a decoder might let depend on what it read before, and one that is cut."""
    tile = photographs["chelsea"][60:140, 90:200]
    plain = encode(tile, quality=80)
    return {
        "plain": plain,
        "no Huffman tables": _without(encode(tile[:, ::-1], quality=80), 0xC4),
        "no quantization tables": _without(plain, 0xDB),
        "tables of its own": encode(tile, quality=7, optimize=True, subsampling="4:4:4"),
        "progressive": encode(tile, quality=60, progressive=True),
        "restart markers": encode(tile, quality=90, restart_marker_blocks=2),
        "gray": encode(tile[..., 0], quality=40, optimize=True),
        "CMYK": encode(PIL.Image.fromarray(tile).convert("CMYK"), quality=70),
        "one pixel": encode(tile[:1, :1]),
        "cut": plain[: len(plain) // 2],
        "PNG": encode(tile, "PNG"),
        "WebP": encode(tile[:40], "WEBP", quality=50),
    }
