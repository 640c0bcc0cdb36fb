"""Albumentations (the MIT one) on OpenCV's decoder: RandomResizedCrop by areas, flip, Normalize, ToTensorV2.

As its documents' classification example has it, with areas in place of linear interpolation, which it doesn't
antialias; OpenCV in one thread, as its performance page asks for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it asks the network for news of itself otherwise

import albumentations
import cv2
import numpy as np
import numpy.typing as npt
import torch
from albumentations.pytorch import ToTensorV2

from impasto_lab.bench.peers.pairs import LoadImage, MixedPairs, open_pairs
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "albumentations"
TITLE = "Albumentations on OpenCV"
PACKAGES: tuple[str, ...] = ("albumentations", "opencv-python-headless", "open_clip_torch")
#: Boxes instead of triangles or cubics, for crops that are enlarged too.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 4.0}, "bicubic": {"mean": 4.0}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    cv2.setNumThreads(0)
    load: LoadImage = _Replay(work, views) if views else _Load(work)
    return open_pairs(files, work, load, workers=workers, shuffle=views is None)


def _tensors(work: Work) -> list[albumentations.BasicTransform]:
    return [albumentations.Normalize(work.mean, work.std, max_pixel_value=255.0), ToTensorV2()]


def _read(path: str) -> npt.NDArray[np.uint8]:
    pixels: npt.NDArray[np.uint8] = cv2.imread(path, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    return pixels


class _Load:
    """Reads, crops at random, flips at random, normalises."""

    def __init__(self, work: Work) -> None:
        crop = albumentations.RandomResizedCrop(
            (work.size, work.size), work.scale, work.ratio, interpolation=cv2.INTER_AREA
        )
        self.transform = albumentations.Compose([crop, albumentations.HorizontalFlip(p=0.5), *_tensors(work)])

    def __call__(self, path: str, _number: int) -> torch.Tensor:
        image: torch.Tensor = self.transform(image=_read(path))["image"]
        return image


class _Replay:
    """The same transforms with crops and flips given."""

    def __init__(self, work: Work, views: Views) -> None:
        self.work, self.views = work, views

    def __call__(self, path: str, number: int) -> torch.Tensor:
        left, top, width, height = self.views.boxes[number].tolist()
        flip = [albumentations.HorizontalFlip(p=1.0)] if self.views.flips[number] else []
        crop = albumentations.Crop(left, top, left + width, top + height)
        resize = albumentations.Resize(self.work.size, self.work.size, interpolation=cv2.INTER_AREA)
        transform = albumentations.Compose([crop, resize, *flip, *_tensors(self.work)])
        image: torch.Tensor = transform(image=_read(path))["image"]
        return image
