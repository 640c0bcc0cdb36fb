"""RandAugment with two operations on images of 224x224: drawn and done to one image after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import PIL.Image
import torch
from torchvision.transforms import InterpolationMode, v2

from impasto import ops, sources
from impasto.loading import Loader
from impasto.recipe import Augmentation, ImageRecipe, RandAugment, Recipe
from impasto_lab.bench.kernels.group import Group

_SIDE = 224
_POLICY = RandAugment(n=2, m=9, ops="torchvision")
_FACTORS = {"Brightness", "Contrast", "Color", "Sharpness"}


def _loaded(jpegs: Sequence[bytes]) -> list[ops.Image]:
    return [ops.load(jpeg, ImageRecipe(size=_SIDE), sample=number)[0] for number, jpeg in enumerate(jpegs)]


def _by_torchvision(image: Any, operations: list[tuple[str, list[float]]]) -> Any:
    """The same operations by what is under torchvision's RandAugment; it needs not draw them."""
    under = v2.RandAugment()._apply_image_or_video_transform
    for name, values in operations:
        magnitude = values[0] - (name in _FACTORS) if values else 0.0
        magnitude /= 255 if name == "Solarize" else 1
        image = under(image, name, magnitude, interpolation=InterpolationMode.NEAREST, fill={})
    return image


def randaugment(jpegs: Sequence[bytes]) -> Group:
    """Torchvision's operations, on Pillow images and on tensors; ours are Pillow's, bit for bit."""
    images = _loaded(jpegs)
    operations = [ops.augment(image, _POLICY, sample=sample)[1] for sample, image in enumerate(images)]
    pictures = [PIL.Image.fromarray(image) for image in images]
    tensors = [torch.from_numpy(image).permute(2, 0, 1).contiguous() for image in images]  # [3, S, S] each

    def ours() -> list[ops.Image]:
        return [ops.augment(image, _POLICY, sample=sample)[0] for sample, image in enumerate(images)]

    def difference(name: str, answer: Sequence[Any]) -> str:
        if name != "torchvision":
            equal = all(map(np.array_equal, ours(), map(np.asarray, answer)))
            return "" if equal else "a pixel differs from ours"
        # On tensors torchvision computes colours in floats and turns about other centres.
        distances = [
            np.abs(mine.astype(np.int16) - tensor.permute(1, 2, 0).numpy()).mean()
            for mine, tensor in zip(ours(), answer, strict=True)
        ]
        return "" if np.median(distances) < 1 else f"images differ from ours by {np.median(distances):.2f} levels"

    return Group(
        title=f"RandAugment (N=2), {len(images)} images of {_SIDE}x{_SIDE}",
        arms={
            "impasto": ours,
            "pillow": lambda: [_by_torchvision(*item) for item in zip(pictures, operations, strict=True)],
            "torchvision": lambda: [_by_torchvision(*item) for item in zip(tensors, operations, strict=True)],
        },
        difference=difference,
    )


def albef_randaugment(jpegs: Sequence[bytes]) -> Group:
    """ALBEF's operations, which nobody else has as a package."""
    images, policy = _loaded(jpegs), RandAugment(n=2, m=7, ops="albef")
    return Group(
        title=f"RandAugment (N=2) as ALBEF's, {len(images)} images of {_SIDE}x{_SIDE}",
        arms={"impasto": lambda: [ops.augment(image, policy, sample=n)[0] for n, image in enumerate(images)]},
        difference=lambda _, answer: "" if len(answer) == len(images) else "an image is missing",
    )


def augmented_epochs(jpegs: Sequence[bytes]) -> Group:
    """A batch of all images through the loader; the answer is how many operations were done."""
    data = sources.Sequence([(jpeg, "a photograph") for jpeg in jpegs])

    def epoch(*augment: Augmentation) -> Callable[[], int]:
        recipe = Recipe(image=ImageRecipe(size=_SIDE, augment=augment), text=None)
        loader = Loader(data, recipe, batch_size=len(jpegs), workers=0)

        def run() -> int:
            loader.set_epoch(0)
            return sum(len(operations) for batch in loader for operations in batch.plan.augmentations)

        return run

    return Group(
        title=f"load {len(jpegs)} JPEGs with and without RandAugment (N=2)",
        arms={"impasto, torchvision's": epoch(_POLICY), "impasto, ALBEF's": epoch(RandAugment())},
        difference=lambda _, done: "" if done else "nothing was done",
        yardsticks={"impasto": epoch()},
    )
