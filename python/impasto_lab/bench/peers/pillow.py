"""Pillow and torchvision's transforms, as most training scripts load images."""

from __future__ import annotations

from collections.abc import Iterable

import PIL.Image
import torch
from torchvision import transforms
from torchvision.transforms import functional

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "pillow"
TITLE = "Pillow + torchvision transforms"
#: Our exact path is Pillow's, pixel by pixel; another Pillow may round anew.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"max": 1.01}, "bicubic": {"max": 1.01}}
PACKAGES: tuple[str, ...] = ("pillow", "torchvision", "open_clip_torch")


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    load_image = _Replay(work, views) if views else _Load(work)
    return open_pairs(files, work, load_image, workers=workers, shuffle=views is None)


def _open(path: str) -> PIL.Image.Image:
    with PIL.Image.open(path) as image:
        return image.convert("RGB")


class _Load:
    """Opens, crops at random, flips at random, normalises."""

    def __init__(self, work: Work) -> None:
        self.transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(
                    work.size, work.scale, work.ratio, transforms.InterpolationMode(work.interpolation)
                ),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(work.mean, work.std),
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
        left, top, width, height = self.views.boxes[number].tolist()
        mode = transforms.InterpolationMode(self.work.interpolation)
        image = functional.resized_crop(_open(path), top, left, height, width, [self.work.size] * 2, mode)
        if self.views.flips[number]:
            image = functional.hflip(image)
        tensor: torch.Tensor = functional.normalize(functional.to_tensor(image), self.work.mean, self.work.std)
        return tensor
