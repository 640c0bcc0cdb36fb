"""torchcodec's decoder of images, to which torchvision points its users now, with torchvision's transforms v2."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torchcodec.decoders import decode_image

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.peers.viewing import Cropping, Viewed, by_torchvision
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "torchcodec"
TITLE = "torchcodec + transforms v2"
PACKAGES: tuple[str, ...] = ("torchcodec", "torchvision", "open_clip_torch")
#: As torchvision.io's: a libjpeg of its own.
TOLERANCE: dict[str, dict[str, float]] = {
    "bilinear": {"mean": 0.5, "p999": 2.01},
    "bicubic": {"mean": 0.5, "p999": 3.01},
}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    return open_pairs(files, work, Viewed(_load, work, views), workers=workers, shuffle=views is None)


def _load(path: str, cropping: Cropping, work: Work) -> torch.Tensor:
    image: torch.Tensor = decode_image(path, mode="RGB")
    return by_torchvision(image, cropping(image.shape[2], image.shape[1]), work)
