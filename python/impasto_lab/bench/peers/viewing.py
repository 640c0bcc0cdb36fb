"""What a peer's image function is given: a crop and a flip, drawn as torchvision draws them, or replayed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from impasto_lab.bench.work import Views, Work


class Crop(NamedTuple):
    """A crop in whole pixels, and whether what it shows is mirrored."""

    left: int
    top: int
    width: int
    height: int
    flipped: bool


#: From an image's width and height to its crop.
Cropping = Callable[[int, int], Crop]


class Viewed:
    """Calls a peer's image function with a crop for each image.

    Crops come from Python's global generator, which a DataLoader seeds anew in each worker: drawing one takes a few
    microseconds, a twentieth of what `torchvision.transforms.RandomResizedCrop` takes.

    Args:
        load: From what a row has of its image (a path, bytes), a way to its crop, and the work, to [3, S, S] float32.
        work: What is done.
        views: Crops to replay, by the row's number.
    """

    def __init__(
        self, load: Callable[[Any, Cropping, Work], torch.Tensor], work: Work, views: Views | None = None
    ) -> None:
        self.load, self.work, self.views = load, work, views

    def __call__(self, image: Any, number: int) -> torch.Tensor:
        """The image of a row.

        Args:
            image: What the row has of it.
            number: The row's.
        """
        return self.load(image, partial(self.crop, number), self.work)

    def crop(self, number: int, width: int, height: int) -> Crop:
        """A row's crop."""
        if self.views is not None:
            left, top, wide, high = self.views.boxes[number].tolist()
            return Crop(left, top, wide, high, bool(self.views.flips[number]))
        return drawn(width, height, self.work)


def drawn(width: int, height: int, work: Work) -> Crop:
    """A crop as `torchvision.transforms.RandomResizedCrop` draws it, and RandomHorizontalFlip's choice."""
    flipped = random.random() < 0.5
    low, high = work.ratio
    for _ in range(10):
        area = width * height * random.uniform(*work.scale)
        aspect = math.exp(random.uniform(math.log(low), math.log(high)))
        wide, tall = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < wide <= width and 0 < tall <= height:
            return Crop(random.randint(0, width - wide), random.randint(0, height - tall), wide, tall, flipped)
    wide, tall = min(width, round(height * high)), min(height, round(width / low))
    return Crop((width - wide) // 2, (height - tall) // 2, wide, tall, flipped)


def halvings(crop: Crop, size: int) -> int:
    """How often a decoder may halve an image, three times at most, so that its crop still covers S pixels."""
    smallest = min(crop.width, crop.height)
    return max(times for times in range(4) if times == 0 or smallest >> times >= size)


def scaled(crop: Crop, width: int, wide: int) -> Crop:
    """A crop of an image that was decoded smaller.

    Args:
        crop: In the image's own pixels.
        width: The image's own.
        wide: What it was decoded to.
    """
    if wide == width:
        return crop
    by = wide / width
    left, top = round(crop.left * by), round(crop.top * by)
    return Crop(left, top, round(crop.width * by), round(crop.height * by), crop.flipped)


def normalized(pixels: npt.NDArray[np.uint8], work: Work) -> torch.Tensor:
    """[S, S, 3] uint8 to [3, S, S] float32: laid out before it is made float, seven times as fast as after."""
    planes = torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float()
    mean, std = (255 * torch.tensor(triple).view(3, 1, 1) for triple in (work.mean, work.std))
    return planes.sub_(mean).div_(std)


def by_torchvision(image: torch.Tensor, crop: Crop, work: Work) -> torch.Tensor:
    """[3, H, W] uint8 to [3, S, S] float32, by transforms v2's functions."""
    mode, size = InterpolationMode(work.interpolation), [work.size] * 2
    left, top, width, height, flipped = crop
    view = functional.resized_crop(image, top, left, height, width, size, mode, antialias=True)
    if flipped:
        view = functional.horizontal_flip(view)
    scaled = functional.to_dtype(view.contiguous(), torch.float32, scale=True)
    normal: torch.Tensor = functional.normalize(scaled, list(work.mean), list(work.std), inplace=True)
    return normal
