"""What is done to training images: the arms that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import PIL.Image

from impasto.recipe import ColorJitter, Grayscale, ImageRecipe, MixGen, RandomErasing, Recipe

Relative = Literal["mixstyle", "amplitude", "partner-style", "pixmix"]
Copies = Literal["styled", "other"]
Schedule = Literal["early", "late"]


@dataclass(frozen=True)
class Arm:
    """One way to augment.

    Attributes:
        geometric: Crops, flips, turns by up to 20 degrees, and rectangles of other images pasted over a half of them.
        color: Brightness, contrast, saturation, hue, gray, and erased rectangles.
        copies: Which restyled copies stand among the images: in random styles, or in those of the shifted domain.
        relative: What else is done to each batch.
        alpha: Strength of the copies' styles, a number or a range; None is the settings' own.
        ratio: Unaugmented to restyled images; None is the settings' own.
        schedule: The half of the steps in which copies stand among the images, then twice as many; None is all of them.
    """

    geometric: bool = False
    color: bool = False
    copies: Copies | None = None
    relative: Relative | None = None
    alpha: float | tuple[float, float] | None = None
    ratio: tuple[int, int] | None = None
    schedule: Schedule | None = None

    @property
    def folder(self) -> str | None:
        """What the copies that it takes are called; None without any."""
        if self.copies is None or self.alpha is None:
            return self.copies
        strength = self.alpha if isinstance(self.alpha, tuple) else (self.alpha,)
        return "-".join([self.copies, *(f"{one:g}" for one in strength)])


#: The baseline first; "traditional" without its colors is weaker where color is the shortcut, so both are here.
CORE: dict[str, Arm] = {
    "none": Arm(),
    "traditional-geometric": Arm(geometric=True),
    "traditional": Arm(geometric=True, color=True),
    "style": Arm(copies="styled"),
    "both": Arm(geometric=True, color=True, copies="styled"),
}
#: Rivals that cost less, and styles that are another domain's.
FURTHER: dict[str, Arm] = {
    "style-of-other-domain": Arm(copies="other"),
    "mixstyle": Arm(relative="mixstyle"),
    "amplitude": Arm(relative="amplitude"),
    "partner-style": Arm(relative="partner-style"),
    "pixmix": Arm(relative="pixmix"),
}
#: The search: unaugmented to restyled images with any strength, as published; then the strength.
RATIOS: tuple[tuple[int, int], ...] = (
    *((plain, 1) for plain in (16, 8, 4, 2, 1)),
    *((1, styled) for styled in (2, 4, 8, 16, 32)),
)
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: As many copies as with a constant ratio, of the paper's strength, in a half of the training.
SCHEDULES: dict[str, Arm] = {
    f"schedule-{when}": Arm(copies="styled", alpha=0.5, schedule=when) for when in get_args(Schedule)
}
SEARCH: dict[str, Arm] = {
    "none": Arm(),
    **{f"ratio-{a}-{b}": Arm(copies="styled", alpha=(0.0, 1.0), ratio=(a, b)) for a, b in RATIOS},
    **{f"alpha-{alpha:g}": Arm(copies="styled", alpha=alpha) for alpha in ALPHAS},
    **SCHEDULES,
}
ARMS = CORE | FURTHER | SEARCH


def recipe(arm: Arm, side: int) -> Recipe:
    """What an arm's loader does.

    Args:
        arm: The arm.
        side: Height and width, in pixels.
    """
    colors = (ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.25), Grayscale(p=0.1))
    image = ImageRecipe(
        size=side,
        crop="random" if arm.geometric else "none",
        scale=(0.6, 1.0),
        hflip=0.5 if arm.geometric else 0.0,
        augment=(*colors, RandomErasing(p=0.25, scale=(0.02, 0.15))) if arm.color else (),
        normalize="imagenet",
    )
    # What is pasted is small, so the label stays the image's own.
    paste = MixGen(ratio=0.5, image="cut", sides=(0.1, 0.3), text="own", lam=0.9) if arm.geometric else None
    return Recipe(image=image, text=None, mix=paste)


def turned(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """An image [H, W, 3] uint8 turned about its middle by up to 20 degrees; corners take the mean color."""
    fill = tuple(int(value) for value in image.mean(axis=(0, 1)))
    angle = float(rng.uniform(-20, 20))
    rotated = PIL.Image.fromarray(image).rotate(angle, PIL.Image.Resampling.BILINEAR, fillcolor=fill)
    return np.asarray(rotated)
