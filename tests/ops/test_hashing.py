"""Perceptual hashes: ImageHash's, up to a few bits, and stable where pictures look the same."""

from __future__ import annotations

import imagehash
import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageOps
import pytest

import impasto
from impasto import ops

Photographs = dict[str, npt.NDArray[np.uint8]]


def _cuts(photographs: Photographs) -> list[npt.NDArray[np.uint8]]:
    """Cuts of many sizes and aspects, none of which is another's."""
    draw = np.random.default_rng(3)
    cuts = []
    for photograph in photographs.values():
        for _ in range(6):
            height, width = draw.integers(60, 240, 2)
            top, left = (
                int(draw.integers(0, room - side))
                for room, side in zip(photograph.shape[:2], (height, width), strict=True)
            )
            cuts.append(photograph[top : top + height, left : left + width])
    return cuts


def _bits(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def test_imagehash_says_the_same(photographs: Photographs) -> None:
    for cut in _cuts(photographs):
        for picture, mirrored in ((PIL.Image.fromarray(cut), False), (PIL.Image.fromarray(cut[:, ::-1]), True)):
            theirs = int(str(imagehash.phash(picture)), 16)
            assert _bits(ops.perceptual_hash(cut, mirrored=mirrored), theirs) <= 6


def test_what_looks_the_same_is_near_and_what_does_not_is_far(photographs: Photographs, encode: object) -> None:
    cuts = _cuts(photographs)
    hashes = [ops.perceptual_hash(cut) for cut in cuts]
    near = []
    for cut, own in zip(cuts, hashes, strict=True):
        compressed = ops.decode(encode(cut, quality=40))
        half = np.asarray(PIL.Image.fromarray(cut).resize((cut.shape[1] // 2, cut.shape[0] // 2)))
        darker = (cut * 0.8).astype(np.uint8)
        near += [_bits(ops.perceptual_hash(other), own) for other in (compressed, half, darker)]
    assert np.quantile(near, 0.95) <= 7 and max(near) <= 12
    far = [_bits(one, other) for at, one in enumerate(hashes) for other in hashes[:at]]
    assert np.median(far) >= 28


def test_a_mirror_of_a_mirror(photographs: Photographs) -> None:
    cut = photographs["coffee"]
    turned = np.ascontiguousarray(cut[:, ::-1])
    assert ops.perceptual_hash(turned, mirrored=True) == ops.perceptual_hash(cut)
    assert _bits(ops.perceptual_hash(turned), ops.perceptual_hash(cut, mirrored=True)) <= 2


def test_what_is_no_picture() -> None:
    for wrong in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), None):
        with pytest.raises(impasto.RecipeError, match="uint8"):
            ops.perceptual_hash(wrong)
    with pytest.raises(impasto.RecipeError, match="mirrored"):
        ops.perceptual_hash(np.zeros((8, 8, 3), np.uint8), mirrored=1)
