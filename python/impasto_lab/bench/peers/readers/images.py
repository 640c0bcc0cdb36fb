"""What readers' rows become: torchvision's decoder and transforms, the same for all of them."""

from __future__ import annotations

import torch
from torchvision.io import ImageReadMode, decode_image

from impasto_lab.bench.peers.viewing import Cropping, by_torchvision
from impasto_lab.bench.work import Work

#: As torchvision.io's, which decodes for all readers.
TOLERANCE: dict[str, dict[str, float]] = {
    "bilinear": {"mean": 0.5, "p999": 2.01},
    "bicubic": {"mean": 0.5, "p999": 3.01},
}


def load_image(encoded: bytes, cropping: Cropping, work: Work) -> torch.Tensor:
    """An image's bytes to [3, S, S] float32, normalised."""
    image = decode_image(torch.frombuffer(bytearray(encoded), dtype=torch.uint8), mode=ImageReadMode.RGB)
    return by_torchvision(image, cropping(image.shape[2], image.shape[1]), work)
