"""What readers' rows become: torchvision's decoder and transforms, the same for all of them."""

from __future__ import annotations

import torch

from impasto_lab.bench.kernels.decoding import decode_by_torchvision
from impasto_lab.bench.peers.viewing import Cropping, by_torchvision
from impasto_lab.bench.work import Work

#: As torchvision.io's, which decodes for all readers.
TOLERANCE: dict[str, dict[str, float]] = {
    "bilinear": {"mean": 0.5, "p999": 2.01},
    "bicubic": {"mean": 0.5, "p999": 3.01},
}


def load_jpeg(jpeg: bytes, cropping: Cropping, work: Work) -> torch.Tensor:
    """A JPEG's bytes to [3, S, S] float32, normalised."""
    image = decode_by_torchvision(jpeg)
    return by_torchvision(image, cropping(image.shape[2], image.shape[1]), work)
