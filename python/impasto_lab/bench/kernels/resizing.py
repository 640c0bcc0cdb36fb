"""Decoding, cropping at random, resizing to 224 and flipping: a JPEG's bytes to [224, 224, 3] uint8."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np
import PIL.Image
from torchvision.transforms.v2 import functional

from impasto import ops
from impasto.recipe import ImageRecipe
from impasto_lab.bench.kernels.decoding import decode_by_pillow, decode_by_torchvision
from impasto_lab.bench.kernels.group import Group
from impasto_lab.bench.work import Views

Interpolation = Literal["bilinear", "bicubic"]
_SIDE = 224


def _pillow(jpeg: bytes, number: int, views: Views, interpolation: Interpolation) -> ops.Image:
    left, top, width, height = views.boxes[number].tolist()
    image = PIL.Image.fromarray(decode_by_pillow(jpeg)).crop((left, top, left + width, top + height))
    image = image.resize((_SIDE, _SIDE), PIL.Image.Resampling[interpolation.upper()])
    return np.asarray(image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT) if views.flips[number] else image)


def _torchvision(jpeg: bytes, number: int, views: Views, interpolation: Interpolation) -> ops.Image:
    left, top, width, height = views.boxes[number].tolist()
    mode, size = functional.InterpolationMode(interpolation), [_SIDE, _SIDE]
    image = decode_by_torchvision(jpeg)
    image = functional.resized_crop(image, top, left, height, width, size, mode, antialias=True)
    turned = functional.horizontal_flip(image) if views.flips[number] else image
    pixels: ops.Image = turned.permute(1, 2, 0).numpy()
    return pixels


def resizing(jpegs: Sequence[bytes], views: Views, interpolation: Interpolation) -> Group:
    """Loaders of images that replay the same crops and flips.

    Args:
        jpegs: N images.
        views: What our loader draws for them.
        interpolation: How crops are resized.
    """

    def all_by(load: Callable[[bytes, int], ops.Image]) -> Callable[[], list[ops.Image]]:
        return lambda: [load(jpeg, number) for number, jpeg in enumerate(jpegs)]

    def ours(jpeg: bytes, number: int, *, exact: bool) -> ops.Image:
        return ops.load(jpeg, ImageRecipe(interpolation=interpolation, exact=exact), sample=number)[0]

    pillow = all_by(partial(_pillow, views=views, interpolation=interpolation))

    def difference(name: str, answer: Sequence[ops.Image]) -> str:
        apart = np.abs(np.stack(answer).astype(int) - np.stack(pillow()).astype(int))  # [N, 224, 224, 3]
        if name == "impasto":
            # The fast path may skip detail that the resize would average away; tests/ops bounds it.
            mean = apart.mean(axis=(1, 2, 3)).max()
            return "" if mean < 3 else f"an image differs from Pillow's by {mean:.2f} levels on average"
        tolerance = 6 if name == "torchvision" and interpolation == "bicubic" else 1
        return "" if apart.max() <= tolerance else f"a pixel differs from Pillow's by {apart.max()} levels"

    return Group(
        title=f"decode, crop, resize {len(jpegs)} JPEGs to {_SIDE}, {interpolation}",
        arms={
            "impasto": all_by(partial(ours, exact=False)),
            "impasto exact": all_by(partial(ours, exact=True)),
            "pillow": pillow,
            "torchvision": all_by(partial(_torchvision, views=views, interpolation=interpolation)),
        },
        difference=difference,
    )
