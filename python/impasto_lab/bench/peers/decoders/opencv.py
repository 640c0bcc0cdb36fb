"""OpenCV: its decoder, and its resize by areas, which OpenCV's documents prefer for making images smaller.

One thread in each process, as OpenCV's and Albumentations' documents ask for beside a DataLoader. OpenCV has no
antialiased bilinear or bicubic resize: areas are the nearest to it, and crops that are enlarged take the named one.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import torch

from impasto_lab.bench.peers.pairs import MixedPairs, open_pairs
from impasto_lab.bench.peers.viewing import Cropping, Viewed, normalized
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

NAME = "opencv"
TITLE = "OpenCV"
PACKAGES: tuple[str, ...] = ("opencv-python-headless", "open_clip_torch")
#: Boxes instead of triangles or cubics.
TOLERANCE: dict[str, dict[str, float]] = {"bilinear": {"mean": 4.0}, "bicubic": {"mean": 4.0}}


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    cv2.setNumThreads(0)
    return open_pairs(files, work, Viewed(_load, work, views), workers=workers, shuffle=views is None)


def _load(path: str, cropping: Cropping, work: Work) -> torch.Tensor:
    image = cv2.imread(path, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    left, top, width, height, flipped = cropping(image.shape[1], image.shape[0])
    enlarging = cv2.INTER_LINEAR if work.interpolation == "bilinear" else cv2.INTER_CUBIC
    mode = cv2.INTER_AREA if min(width, height) >= work.size else enlarging
    view = cv2.resize(image[top : top + height, left : left + width], (work.size, work.size), interpolation=mode)
    return normalized(cv2.flip(view, 1) if flipped else view, work)
