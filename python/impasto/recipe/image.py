"""What is done to images: a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from impasto import _core
from impasto.checks import choice, color, flag, interval, is_count, is_number, is_triple, require
from impasto.errors import RecipeError
from impasto.recipe.augment import Augmentation
from impasto.recipe.patches import PatchDrop
from impasto.recipe.value import Value

#: A number for each of red, green and blue.
Triple = tuple[float, float, float]

#: Means and standard deviations of the papers' models, of values in [0, 1].
NORMALIZATIONS: dict[str, tuple[Triple, Triple]] = {
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}


def shape_of(size: object) -> tuple[int, int]:
    """Height and width that a side, or a pair of them, stands for.

    Raises:
        RecipeError: If it is neither, or leaves 1..16384 pixels.
    """
    sides = (size, size) if is_count(size) else size
    if not (isinstance(sides, tuple | list) and len(sides) == 2 and all(map(is_count, sides))):
        raise RecipeError(f"size={size!r} must be a whole number of pixels or a (height, width) pair")
    height, width = int(sides[0]), int(sides[1])
    if not (1 <= height <= 16384 and 1 <= width <= 16384):
        raise RecipeError(f"size={size!r} must lie in 1..16384")
    return height, width


@dataclass(frozen=True, kw_only=True)
class ImageRecipe(Value):
    """From encoded bytes to one image of the batch.

    Geometry has torchvision's meaning: ``"random"`` is RandomResizedCrop(size, scale, ratio), ``"center"`` is
    Resize(resize) of the short side and CenterCrop(size), ``"none"`` is Resize((size, size)) without a crop, as
    ALBEF's evaluation does. ``"pad"`` is Pillow's ``ImageOps.pad(image, size, color=fill)``: the whole image, resized
    with its aspect ratio kept, in the middle of one color. Resizing is antialiased, as Pillow's.

    Args:
        size: Side of the square image, or (height, width), in pixels.
        shapes: Further (height, width) pairs, in pixels, of which each batch has the one nearest in aspect ratio, where
            alike images come together: ``Loader(group_by="aspect")``. ``ratio`` is then relative to the batch's shape.
        crop: ``"random"``, ``"center"``, ``"none"`` or ``"pad"``.
        scale: Smallest and largest share of the image's area that a random crop takes, in (0, 1].
        ratio: Smallest and largest aspect ratio (width / height) of a random crop.
        resize: Short side before a center crop, in pixels; by default the crop's own.
        fill: The RGB values around a padded image, before normalisation, each in 0..255.
        hflip: Probability of a horizontal flip; None is 0.5 for random crops and 0 otherwise.
        interpolation: ``"bicubic"`` or ``"bilinear"``.
        augment: What is drawn for each image and done to it after the flip, in turn: `RandAugment`, `ColorJitter`, ...
        patch_drop: Which share of the image's patches is drawn for a model to look at; None draws nothing.
        normalize: ``"clip"``, ``"imagenet"``, ``"inception"``, a (mean, std) pair of RGB triples for values in
            [0, 1], or None for values in [0, 1] themselves. uint8 images are never normalised.
        dtype: Element type of ``Batch.images``: ``"float32"``, ``"float16"``, ``"bfloat16"`` or ``"uint8"``.
        layout: ``"chw"`` for [B, 3, H, W] or ``"hwc"`` for [B, H, W, 3].
        exact: Decode the whole image and resize it bit-equal to Pillow. By default a JPEG is decoded only where
            the crop lies, at the largest DCT scale that still covers the target; README states the difference.
            Damage below the crop's last row is not looked for then; anything wrong above it, and any damage with
            ``exact=True``, in `impasto.ops.decode` and in ``impasto info``, is judged as Pillow judges the file.
        exif: ``"ignore"`` the orientation tag, as Pillow and the papers' pipelines do, or ``"apply"`` it as Pillow's
            ``ImageOps.exif_transpose`` does.
        truncated: What is done with a JPEG that ends before its last pixel: ``"raise"`` an error, or ``"keep"`` what
            there is of it, gray for the rest, and name it in ``Batch.truncated``.
        max_pixels: Largest width x height that a header may ask for (Pillow's limit).
        max_bytes: Largest encoded image, in bytes.
        max_scans: Largest number of scans in a progressive JPEG. One of ``max_pixels`` may have 32, a smaller one as
            many more as it is smaller.

    Raises:
        RecipeError: If a value makes no sense; the message names it and a remedy.
    """

    size: int | tuple[int, int] = 224
    shapes: tuple[tuple[int, int], ...] = ()
    crop: Literal["random", "center", "none", "pad"] = "random"
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    resize: int | None = None
    fill: tuple[int, int, int] = (0, 0, 0)
    hflip: float | None = None
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    augment: tuple[Augmentation, ...] = ()
    patch_drop: PatchDrop | None = None
    normalize: str | tuple[Triple, Triple] | None = "clip"
    dtype: Literal["float32", "float16", "bfloat16", "uint8"] = "float32"
    layout: Literal["chw", "hwc"] = "chw"
    exact: bool = False
    exif: Literal["ignore", "apply"] = "ignore"
    truncated: Literal["raise", "keep"] = "raise"
    max_pixels: int = 178_956_970
    max_bytes: int = 1 << 30
    max_scans: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        shape_of(self.size)
        choice("crop", self.crop, ("random", "center", "none", "pad"))
        interval("scale", self.scale, 0.0, 1.0)
        interval("ratio", self.ratio, 0.0, 1000.0)
        if self.resize is not None:
            fits = is_count(self.resize) and min(self.shape) <= self.resize <= 65536
            require(fits, f"resize={self.resize!r} must be a whole number, at least the crop's size={self.size!r}")
        color("fill", self.fill)
        hflip = self.hflip
        require(hflip is None or (is_number(hflip) and 0 <= hflip <= 1), f"hflip={hflip!r} must lie in [0, 1]")
        choice("interpolation", self.interpolation, ("bicubic", "bilinear"))
        augment = self.augment
        require(
            isinstance(augment, tuple) and all(isinstance(policy, Augmentation) for policy in augment),
            f"augment={augment!r} must be a tuple of augmentations, such as (impasto.RandAugment(),)",
        )
        drop = self.patch_drop
        require(drop is None or isinstance(drop, PatchDrop), f"patch_drop={drop!r} must be an impasto.PatchDrop")
        if drop is not None:
            drop.counts(self.shape)
        self._check_shapes()
        choice("dtype", self.dtype, ("float32", "float16", "bfloat16", "uint8"))
        choice("layout", self.layout, ("chw", "hwc"))
        flag("exact", self.exact)
        choice("exif", self.exif, ("ignore", "apply"))
        choice("truncated", self.truncated, ("raise", "keep"))
        for name in ("max_pixels", "max_bytes", "max_scans"):
            limit = getattr(self, name)
            require(is_count(limit) and 1 <= limit < 2**31, f"{name}={limit!r} must lie in 1..2**31-1")
        self.mean_std  # noqa: B018  a property that checks

    def _check_shapes(self) -> None:
        given = self.shapes
        pairs = isinstance(given, tuple) and all(isinstance(one, tuple) and len(one) == 2 for one in given)
        require(pairs, f"shapes={given!r} must be a tuple of (height, width) pairs, such as ((224, 224), (192, 256))")
        reason = "crop='center' leaves a rim in shapes that are wider than an image; use 'random', 'none' or 'pad'"
        require(not given or self.crop != "center", f"shapes={given!r}: {reason}")
        for number in range(len(given)):
            self.in_shape(number)

    def in_shape(self, number: int) -> ImageRecipe:
        """The recipe of a batch that has one of the shapes.

        Args:
            number: The shape's place in ``shapes``; without shapes the recipe stays.
        """
        if not self.shapes:
            return self
        height, width = self.shapes[number]
        low, high = self.ratio
        return replace(self, size=(height, width), shapes=(), ratio=(low * width / height, high * width / height))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the images, in pixels."""
        return shape_of(self.size)

    @cached_property
    def mean_std(self) -> tuple[Triple, Triple] | None:
        """RGB means and standard deviations of values in [0, 1]; None leaves values in [0, 1]."""
        return mean_std(self.normalize)

    @cached_property
    def native(self) -> _core.ImageSpec:
        """The recipe in Rust."""
        height, width = self.shape
        hflip = self.hflip if self.hflip is not None else 0.5 * (self.crop == "random")
        return _core.ImageSpec(
            height=height,
            width=width,
            crop=self.crop,
            scale=(float(self.scale[0]), float(self.scale[1])),
            ratio=(float(self.ratio[0]), float(self.ratio[1])),
            resize=self.resize or min(self.shape),
            hflip=float(hflip),
            interpolation=self.interpolation,
            exact=self.exact,
            exif=self.exif,
            max_pixels=self.max_pixels,
            max_bytes=self.max_bytes,
            max_scans=self.max_scans,
            truncated=self.truncated,
            dtype=self.dtype,
            layout=self.layout,
            mean_std=self.mean_std,
            augment=[policy.native for policy in self.augment],
            fill=list(self.fill),
            patches=self.patch_drop.counts(self.shape) if self.patch_drop else None,
        )

    @cached_property
    def pixels(self) -> _core.ImageSpec:
        """The recipe in Rust, of an image whose pixels stay as they are: [height, width, 3] uint8."""
        return replace(self, dtype="uint8", layout="hwc").native

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("native", "pixels", "mean_std")}


def mean_std(normalize: str | tuple[Triple, Triple] | None) -> tuple[Triple, Triple] | None:
    """Resolves a normalisation to RGB means and standard deviations.

    Args:
        normalize: A name in `NORMALIZATIONS`, a (mean, std) pair, or None.

    Returns:
        Means and standard deviations of values in [0, 1], or None.

    Raises:
        RecipeError: If the name is not known or the pair is malformed.
    """
    if normalize is None:
        return None
    if isinstance(normalize, str):
        choice("normalize", normalize, tuple(NORMALIZATIONS))
        return NORMALIZATIONS[normalize]
    well_formed = isinstance(normalize, tuple | list) and len(normalize) == 2 and all(map(is_triple, normalize))
    require(well_formed, f"normalize={normalize!r} must be a pair of RGB triples (mean, std)")
    triples = [tuple(map(float, triple)) for triple in normalize]
    mean, std = triples
    require(all(s > 0 for s in std), f"normalize={normalize!r} has a standard deviation that is not positive")
    return (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])
