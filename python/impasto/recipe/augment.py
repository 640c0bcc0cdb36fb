"""What competes with MixGen on images: augmentations that are drawn per sample, in the loader, after crop and flip."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from impasto import _core
from impasto.checks import choice, color, interval, is_count, is_number, probability, require
from impasto.recipe.value import Value

#: An operation's name and its numbers, as they were applied.
Operation = tuple[str, list[float]]


class Augmentation(Value, ABC):
    """Something that draws operations for an image; ``ImageRecipe(augment=(...))`` takes a tuple of them."""

    @property
    @abstractmethod
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""


@dataclass(frozen=True, kw_only=True)
class RandAugment(Augmentation):
    """RandAugment (Cubuk et al. 2019): N operations, each of level M.

    ``ops="albef"`` is ALBEF's: Identity, AutoContrast, Equalize, Brightness, Sharpness, ShearX, ShearY, TranslateX,
    TranslateY, Rotate, which leave colours alone so that captions stay true; levels of ten; warps are bilinear on grey
    of 128, by the definition of cv2.warpAffine (OpenCV 5 is within one level of it and of ours; OpenCV 4.10 rounds
    places to 1/32 of a pixel, and is up to 5 levels off). Values that leave 0..255 are cut off, where ALBEF's sharpness
    lets them wrap around.
    ``ops="torchvision"`` is torchvision's: its fourteen operations, 31 levels, nearest pixels on black, bit-equal to it
    on Pillow images.

    Args:
        n: Operations drawn for an image, with repetition.
        m: Their level: in [0, 10] for ALBEF's, a whole number in 0..30 for torchvision's.
        ops: ``"albef"`` or ``"torchvision"``.
        p: Probability that a drawn operation is done; None is 0.5 for ALBEF's and 1 for torchvision's.

    Raises:
        RecipeError: If a value makes no sense.
    """

    n: int = 2
    m: float = 7
    ops: Literal["albef", "torchvision"] = "albef"
    p: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require(is_count(self.n) and 0 <= self.n <= 64, f"n={self.n!r} must be a whole number in 0..64")
        choice("ops", self.ops, ("albef", "torchvision"))
        if self.ops == "albef":
            require(is_number(self.m) and 0 <= self.m <= 10, f"m={self.m!r} must lie in [0, 10]")
        else:
            require(is_count(self.m) and 0 <= self.m <= 30, f"m={self.m!r} must be a whole number in 0..30")
        if self.p is not None:
            probability("p", self.p)

    @property
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""
        default = 0.5 if self.ops == "albef" else 1.0
        return _core.AugmentSpec.rand_augment(
            self.n, float(self.m), self.ops, default if self.p is None else float(self.p)
        )


@dataclass(frozen=True)
class TrivialAugment(Augmentation):
    """TrivialAugment (Müller and Hutter 2021) with torchvision's wide space: one operation of a drawn level."""

    @property
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""
        return _core.AugmentSpec.trivial_augment()


Range = float | tuple[float, float]


def _range(name: str, value: Range, middle: float, most: float) -> tuple[float, float]:
    """The range that torchvision's ColorJitter makes of a number or a pair."""
    if is_number(value):
        require(value >= 0, f"{name}={value!r} must not be negative")  # type: ignore[operator]
        low, high = middle - value, middle + value  # type: ignore[operator]
        return (max(low, 0.0), float(high)) if middle else (float(low), float(high))
    well_formed = isinstance(value, tuple | list) and len(value) == 2 and all(map(is_number, value))
    require(well_formed, f"{name}={value!r} must be a number or a pair (smallest, largest)")
    low, high = value  # type: ignore[misc]
    least = 0.0 if middle else -most
    require(least <= low <= high <= most, f"{name}={value!r} must rise and lie in [{least:g}, {most:g}]")
    return (float(low), float(high))


@dataclass(frozen=True, kw_only=True)
class ColorJitter(Augmentation):
    """torchvision's ColorJitter: brightness, contrast, saturation and hue, in a drawn order; as on Pillow images.

    Args:
        brightness: Range of the factor, or x for [max(0, 1 - x), 1 + x].
        contrast: Likewise.
        saturation: Likewise.
        hue: Range of the turn as shares of the circle in [-0.5, 0.5], or x for [-x, x].
        p: Probability that anything is done.

    Raises:
        RecipeError: If a value makes no sense.
    """

    brightness: Range = 0.0
    contrast: Range = 0.0
    saturation: Range = 0.0
    hue: Range = 0.0
    p: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        probability("p", self.p)
        low, high = self._ranges[3]
        require(low >= -0.5 and high <= 0.5, f"hue={self.hue!r} must lie in [-0.5, 0.5]")

    @property
    def _ranges(self) -> list[tuple[float, float]]:
        factors = [_range(name, getattr(self, name), 1.0, 1e6) for name in ("brightness", "contrast", "saturation")]
        return [*factors, _range("hue", self.hue, 0.0, 0.5)]

    @property
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""
        brightness, contrast, saturation, hue = self._ranges
        return _core.AugmentSpec.color_jitter(float(self.p), brightness, contrast, saturation, hue)


@dataclass(frozen=True, kw_only=True)
class Grayscale(Augmentation):
    """Luma in all three channels, as Pillow computes it.

    Args:
        p: Probability.

    Raises:
        RecipeError: If it makes no sense.
    """

    p: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        probability("p", self.p)

    @property
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""
        return _core.AugmentSpec.grayscale(float(self.p))


@dataclass(frozen=True, kw_only=True)
class GaussianBlur(Augmentation):
    """torchvision's GaussianBlur: a kernel of a fixed size, mirrored edges.

    Args:
        kernel: Pixels a side of the kernel, odd.
        sigma: Smallest and largest sigma, in pixels.
        p: Probability.

    Raises:
        RecipeError: If a value makes no sense.
    """

    kernel: int = 23
    sigma: tuple[float, float] = (0.1, 2.0)
    p: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        odd = is_count(self.kernel) and 1 <= self.kernel <= 1023 and self.kernel % 2 == 1
        require(odd, f"kernel={self.kernel!r} must be an odd number in 1..1023")
        interval("sigma", self.sigma, 0.0, 1000.0)
        probability("p", self.p)

    @property
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""
        sigma = (float(self.sigma[0]), float(self.sigma[1]))
        return _core.AugmentSpec.gaussian_blur(float(self.p), int(self.kernel), sigma)


@dataclass(frozen=True, kw_only=True)
class RandomErasing(Augmentation):
    """Random erasing (Zhong et al. 2017), its box drawn as torchvision draws it.

    Args:
        p: Probability.
        scale: Smallest and largest share of the image's area.
        ratio: Smallest and largest height / width.
        fill: The RGB values of the box before normalisation, each in 0..255.

    Raises:
        RecipeError: If a value makes no sense.
    """

    p: float = 0.5
    scale: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    fill: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        probability("p", self.p)
        interval("scale", self.scale, 0.0, 1.0)
        interval("ratio", self.ratio, 0.0, 1000.0)
        color("fill", self.fill)

    @property
    def native(self) -> _core.AugmentSpec:
        """The augmentation in Rust."""
        scale, ratio = (float(self.scale[0]), float(self.scale[1])), (float(self.ratio[0]), float(self.ratio[1]))
        return _core.AugmentSpec.random_erasing(float(self.p), scale, ratio, list(self.fill))
