"""Resizing of pixels: [H, W, 3] uint8 to [S, S, 3] uint8, by every package that can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import PIL.Image

from impasto import ops
from impasto_lab.bench.kernels.group import Group

Interpolation = Literal["bilinear", "bicubic"]
Resize = Callable[[ops.Image], Any]


def _pillow(size: int, how: Interpolation) -> Resize:
    mode = PIL.Image.Resampling[how.upper()]
    return lambda pixels: np.asarray(PIL.Image.fromarray(pixels).resize((size, size), mode))


def _torchvision(size: int, how: Interpolation) -> Resize:
    import torch
    from torchvision.transforms.v2 import InterpolationMode, functional

    mode = InterpolationMode(how)

    def resize(pixels: ops.Image) -> Any:
        planes = torch.from_numpy(pixels).permute(2, 0, 1)  # [3, H, W]
        return functional.resize(planes, [size, size], mode, antialias=True).permute(1, 2, 0).numpy()

    return resize


def _opencv(size: int, how: Interpolation) -> Resize:
    """By areas, which its documents prefer for making images smaller; its other ways aren't antialiased."""
    import cv2

    cv2.setNumThreads(0)
    enlarging = cv2.INTER_LINEAR if how == "bilinear" else cv2.INTER_CUBIC

    def resize(pixels: ops.Image) -> Any:
        mode = cv2.INTER_AREA if min(pixels.shape[:2]) >= size else enlarging
        return cv2.resize(pixels, (size, size), interpolation=mode)

    return resize


def _kornia_rs(size: int, how: Interpolation) -> Resize:
    """Antialiased for bicubic only, as its stubs say."""
    import kornia_rs

    return lambda pixels: kornia_rs.imgproc.resize(pixels, (size, size), how, antialias=True)


_RESIZERS: Mapping[str, tuple[Callable[[int, Interpolation], Resize], str]] = MappingProxyType(
    {
        "pillow": (_pillow, "pillow"),
        "torchvision": (_torchvision, "torchvision"),
        "opencv": (_opencv, "opencv-python-headless"),
        "kornia-rs": (_kornia_rs, "kornia-rs"),
    }
)
#: Mean levels that an image may be from Pillow's: boxes for triangles, or no antialiasing, is another picture.
_LIMITS = {"impasto": 0.0, "impasto exact=False": 0.1, "opencv": 12.0, "kornia-rs": 25.0}


def resizers(pixels: Sequence[ops.Image], size: int, how: Interpolation, what: str) -> Group:
    """Everybody who resizes here; the judge is Pillow.

    Args:
        pixels: N images [H, W, 3] uint8.
        size: Side of the results, S.
        how: The interpolation.
        what: What the images are, as a title has it.
    """

    def all_by(resize: Resize) -> Callable[[], list[Any]]:
        return lambda: [resize(one) for one in pixels]

    arms = {
        "impasto": all_by(lambda one: ops.resize(one, size, interpolation=how)),
        "impasto exact=False": all_by(lambda one: ops.resize(one, size, interpolation=how, exact=False)),
    }
    packages, absent = dict.fromkeys(arms, "impasto"), {}
    for name, (make, package) in _RESIZERS.items():
        try:
            arms[name] = all_by(make(size, how))
            packages[name] = package
        except (ImportError, OSError) as error:
            absent[name] = next(iter(str(error).splitlines()), type(error).__name__)
    judge = np.stack(arms["pillow"]()).astype(np.int16)  # [N, S, S, 3]

    def distance(_: str, answer: Sequence[Any]) -> float:
        return float(np.abs(judge - np.stack(answer)).mean(axis=(1, 2, 3)).max())

    def difference(name: str, answer: Sequence[Any]) -> str:
        apart = distance(name, answer)
        return "" if apart <= _LIMITS.get(name, 1.0) else f"an image is {apart:.2g} levels from Pillow's on average"

    return Group(
        title=f"resize {what} to {size}x{size}, {how}",
        arms=arms,
        difference=difference,
        items=len(pixels),
        packages=packages,
        absent=absent,
        distance=distance,
    )
