"""simplejpeg: libjpeg-turbo at the smallest scale that still covers the crop, with its fast DCT and upsampling.

It leads the public imread_benchmark (arXiv 2605.08731). The flags and the scale are those that its README names for
speed; what is left to resize is torchvision's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import simplejpeg
import torch

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.peers.viewing import Cropping, Viewed, by_torchvision, halvings, scaled
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "simplejpeg"
TITLE = "simplejpeg + transforms v2"
PACKAGES: tuple[str, ...] = ("simplejpeg", "torchvision", "open_clip_torch")
#: A scaled decode drops detail that the resize would average; the fast upsampling smears colours less.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 4.0}, "bicubic": {"mean": 4.0}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    return open_pairs(files, work, Viewed(_load, work, views), workers=workers, shuffle=views is None)


def _load(path: str, cropping: Cropping, work: Work) -> torch.Tensor:
    jpeg = Path(path).read_bytes()
    height, width, _, _ = simplejpeg.decode_jpeg_header(jpeg)
    crop = cropping(width, height)
    # What is halved may be rounded up: a minimum one pixel below the half asks for it and for no more.
    times = halvings(crop, work.size)
    least = (height >> times) - 1 if times else 0
    pixels = simplejpeg.decode_jpeg(jpeg, "RGB", fastdct=True, fastupsample=True, min_height=least)
    image = torch.from_numpy(pixels).permute(2, 0, 1)  # [3, H, W]
    return by_torchvision(image, scaled(crop, width, image.shape[2]), work)
