"""torchvision's own decoder and its transforms v2 on tensors, the fastest loader that torchvision alone gives."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torchvision import io
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "torchvision.io"
TITLE = "torchvision.io + transforms v2"
#: It brings a libjpeg of its own, and its bicubic weights have fewer bits than Pillow's: single pixels differ by more
#: levels with one release than with another, so that no single pixel is judged.
TOLERANCE: dict[str, dict[str, float]] = {
    "bilinear": {"mean": 0.5, "p999": 2.01},
    "bicubic": {"mean": 0.5, "p999": 3.01},
}
PACKAGES: tuple[str, ...] = ("torchvision", "open_clip_torch")


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    load_image = _Replay(work, views) if views else _Load(work)
    return open_pairs(files, work, load_image, workers=workers, shuffle=views is None)


def _open(path: str) -> torch.Tensor:
    image: torch.Tensor = io.decode_image(io.read_file(path), mode=io.ImageReadMode.RGB)
    return image


class _Load:
    """Decodes, crops at random, flips at random, normalises."""

    def __init__(self, work: Work) -> None:
        mode = v2.InterpolationMode(work.interpolation)
        self.transform = v2.Compose(
            [
                v2.RandomResizedCrop(work.size, work.scale, work.ratio, mode, antialias=True),
                v2.RandomHorizontalFlip(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(work.mean, work.std),
            ]
        )

    def __call__(self, path: str, _number: int) -> torch.Tensor:
        image: torch.Tensor = self.transform(_open(path))
        return image


class _Replay:
    """The same functions with crops and flips given."""

    def __init__(self, work: Work, views: Views) -> None:
        self.work, self.views = work, views

    def __call__(self, path: str, number: int) -> torch.Tensor:
        mode = v2.InterpolationMode(self.work.interpolation)
        left, top, width, height = self.views.boxes[number].tolist()
        size = [self.work.size] * 2
        image = functional.resized_crop(_open(path), top, left, height, width, size, mode, antialias=True)
        if self.views.flips[number]:
            image = functional.horizontal_flip(image)
        scaled = functional.to_dtype(image, torch.float32, scale=True)
        tensor: torch.Tensor = functional.normalize(scaled, self.work.mean, self.work.std)
        return tensor
