"""PyTurboJPEG: the system's libjpeg-turbo by ctypes, at the smallest scale that still covers the crop, with fast flags.

Scale and flags are those of its README's examples for speed; what is left to resize is torchvision's. Its version 2
asks for libjpeg-turbo 3, which Debian 12 hasn't.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import torch
import turbojpeg

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.peers.viewing import Cropping, Viewed, by_torchvision, halvings, scaled
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "pyturbojpeg"
TITLE = "PyTurboJPEG + transforms v2"
PACKAGES: tuple[str, ...] = ("PyTurboJPEG", "torchvision", "open_clip_torch")
#: A scaled decode drops detail that the resize would average; the fast upsampling smears colours less.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 4.0}, "bicubic": {"mean": 4.0}}
_FLAGS = turbojpeg.TJFLAG_FASTDCT | turbojpeg.TJFLAG_FASTUPSAMPLE


@cache
def _turbojpeg() -> turbojpeg.TurboJPEG:
    return turbojpeg.TurboJPEG()


_turbojpeg()  # where the library is missing, this peer is absent


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    return open_pairs(files, work, Viewed(_load, work, views), workers=workers, shuffle=views is None)


def _load(path: str, cropping: Cropping, work: Work) -> torch.Tensor:
    jpeg, decoder = Path(path).read_bytes(), _turbojpeg()
    width, height, *_ = decoder.decode_header(jpeg)
    crop = cropping(width, height)
    scale = (1, 2 ** halvings(crop, work.size))
    pixels = decoder.decode(jpeg, turbojpeg.TJPF_RGB, scaling_factor=scale, flags=_FLAGS)
    image = torch.from_numpy(pixels).permute(2, 0, 1)  # [3, H, W]
    return by_torchvision(image, scaled(crop, width, image.shape[2]), work)
