"""One image: header, decoding, cropping, resizing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.checks import choice, flag, instance, is_count, is_number, require, whole
from impasto.errors import RecipeError
from impasto.files import read_regular
from impasto.recipe import ImageRecipe, shape_of

#: Pixels [H, W, 3] or [H, W], uint8.
Image = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]


class ImageHeader(NamedTuple):
    """What an encoded image says of itself.

    Attributes:
        format: ``"jpeg"``, ``"png"`` or ``"webp"``.
        width: Pixels a row, before orientation is applied.
        height: Rows, before orientation is applied.
        orientation: EXIF's number from 1 to 8; 1 is upright.
        channels: 1 to 4, as stored.
        bits: Bits a channel, as stored.
        progressive: Whether a JPEG is progressive, or a PNG interlaced.
    """

    format: Literal["jpeg", "png", "webp"]
    width: int
    height: int
    orientation: int
    channels: int
    bits: int
    progressive: bool


def file_bytes(data: bytes | str | Path, most: int = ImageRecipe.max_bytes) -> bytes:
    """Encoded bytes, read if they are named."""
    if type(data) is bytes:
        return data
    if isinstance(data, str | Path):
        return read_regular(data, most=most)
    # bytes(5) would be five zeros.
    if not isinstance(data, bytes | bytearray | memoryview):
        raise RecipeError(f"an image is encoded bytes or a path, not {type(data).__name__}; pass file.read()")
    return bytes(data)


def check_image(image: Image) -> None:
    """Requires pixels [H, W, 3] uint8."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        found = f"{list(image.shape)} {image.dtype}" if isinstance(image, np.ndarray) else type(image).__name__
        raise RecipeError(f"image must be an array [H, W, 3] uint8, not {found}")


def check_keys(seed: int, epoch: int, sample: int) -> None:
    """Requires what a sample's stream is keyed by."""
    for name, key in (("seed", seed), ("epoch", epoch), ("sample", sample)):
        whole(name, key, bits=63)


def probe(data: bytes | str | Path) -> ImageHeader:
    """Reads an image's header, and nothing else.

    Args:
        data: Encoded bytes, or a path.

    Raises:
        DecodeError: If the bytes are not a JPEG, PNG or WebP.
        SourceError: If the file can't be read.

    Examples:
        >>> import io, PIL.Image
        >>> file = io.BytesIO()
        >>> PIL.Image.new("RGB", (640, 480), "teal").save(file, "JPEG")
        >>> probe(file.getvalue())[:3]
        ('jpeg', 640, 480)
    """
    header = _core.probe(file_bytes(data))
    return ImageHeader(
        header.format,
        header.width,
        header.height,
        header.orientation,
        header.channels,
        header.bits,
        header.progressive,
    )


def decode(
    data: bytes | str | Path,
    *,
    exif: Literal["ignore", "apply"] = "ignore",
    max_pixels: int = ImageRecipe.max_pixels,
    max_bytes: int = ImageRecipe.max_bytes,
    max_scans: int = ImageRecipe.max_scans,
    truncated: Literal["raise", "keep"] = "raise",
) -> Image:
    """Decodes a whole image; JPEG, 8-bit PNG and WebP are bit-equal to Pillow's ``convert("RGB")``.

    Args:
        data: Encoded JPEG, PNG or WebP, or a path to one.
        exif: Whether the orientation tag is applied, as Pillow's ``ImageOps.exif_transpose`` does.
        max_pixels: Largest width x height that is decoded.
        max_bytes: Largest encoded size.
        max_scans: Largest number of scans in a progressive JPEG; see `ImageRecipe`.
        truncated: Whether a JPEG that ends before its last pixel is an error, or is kept with gray for the rest.

    Returns:
        [H, W, 3] uint8, RGB. Alpha is dropped, 16 bits keep their high byte, CMYK is converted as Pillow does.

    Raises:
        DecodeError: If the bytes can't be decoded; its children say why.
        SourceError: If the file can't be read.

    Examples:
        >>> import io, PIL.Image
        >>> file = io.BytesIO()
        >>> PIL.Image.new("RGB", (4, 3), (250, 128, 114)).save(file, "PNG")
        >>> image = decode(file.getvalue())
        >>> image.shape, image[0, 0].tolist()
        ((3, 4, 3), [250, 128, 114])
    """
    limits = {"max_pixels": max_pixels, "max_bytes": max_bytes, "max_scans": max_scans}
    choice("exif", exif, ("ignore", "apply"))
    choice("truncated", truncated, ("raise", "keep"))
    for name, limit in limits.items():
        if not (is_count(limit) and 1 <= limit < 2**31):  # no message is made where none is needed: images may be tiny
            raise RecipeError(f"{name}={limit!r} must lie in 1..2**31-1")
    return _core.decode(file_bytes(data, max_bytes), exif=exif, truncated=truncated, **limits)


def crop(image: Image, box: tuple[int, int, int, int]) -> Image:
    """Cuts a box out of an image, as a view.

    Args:
        image: [H, W, 3] uint8.
        box: Left, top, width and height, in pixels.

    Raises:
        RecipeError: If the box is empty or leaves the image.

    Examples:
        >>> import numpy as np
        >>> crop(np.zeros((480, 640, 3), np.uint8), (10, 20, 100, 50)).shape
        (50, 100, 3)
    """
    check_image(image)
    left, top, width, height = _box(box)
    rows, columns = image.shape[:2]
    if not all(map(is_count, box)) or not (0 <= left < left + width <= columns and 0 <= top < top + height <= rows):
        raise RecipeError(f"box={box} is empty or leaves the image of {columns} x {rows} pixels")
    return image[top : top + height, left : left + width]


def _box(box: Box) -> Box:
    well_formed = isinstance(box, tuple | list) and len(box) == 4 and all(map(is_number, box))
    require(well_formed, f"box={box!r} must be four numbers (left, top, width, height), in pixels")
    return box


def resize(
    image: Image,
    size: int | tuple[int, int],
    *,
    box: Box | None = None,
    flip: bool = False,
    interpolation: Literal["bicubic", "bilinear"] = "bicubic",
    exact: bool = True,
) -> Image:
    """Resizes an image, or a box of it, with antialiasing, as Pillow (13 or newer) does.

    Args:
        image: [H, W, 3] uint8.
        size: Side, or (height, width), of the result, in pixels.
        box: Left, top, width and height of the part that is resized, in pixels; fractions are allowed. As after a
            crop, no pixel outside of it is looked at.
        flip: Mirror the result left to right.
        interpolation: ``"bicubic"`` or ``"bilinear"``.
        exact: Bit-equal to Pillow, whose weights have 22 bits. Otherwise they have 16, about as torchvision's have:
            faster, and of photographs off by a level of 255 in fewer than one value of a hundred, nowhere by more than
            two. On any processor the result is the same.

    Returns:
        [height, width, 3] uint8.

    Raises:
        RecipeError: If the image isn't [H, W, 3], or the size or box makes no sense.

    Examples:
        >>> import numpy as np
        >>> resize(np.full((480, 640, 3), 7, np.uint8), 224).shape
        (224, 224, 3)
    """
    height, width = shape_of(size)
    choice("interpolation", interpolation, ("bicubic", "bilinear"))
    flag("flip", flip)
    flag("exact", exact)
    check_image(image)
    rows, columns = image.shape[:2]
    left, top, box_width, box_height = (0.0, 0.0, float(columns), float(rows)) if box is None else _box(box)
    if not (0 <= left < left + box_width <= columns and 0 <= top < top + box_height <= rows):
        raise RecipeError(f"box={box} is empty or leaves the image of {columns} x {rows} pixels")
    view = (left, top, box_width, box_height, flip)
    return _core.resize(
        np.ascontiguousarray(image), view=view, height=height, width=width, interpolation=interpolation, exact=exact
    )


def draw(
    recipe: ImageRecipe, width: int, height: int, *, seed: int = 0, epoch: int = 0, sample: int = 0, view: int = 0
) -> tuple[Box, bool]:
    """Draws what `load` and the loader draw for an image of a given size, without the image.

    Args:
        recipe: Whose crop and flip are drawn.
        width: The decoded image's, in pixels.
        height: The decoded image's, in pixels.
        seed: The run's seed.
        epoch: The epoch.
        sample: The sample's number in its data set.
        view: Which of the sample's views is drawn.

    Returns:
        The crop box (left, top, width, height) in pixels, and whether the crop is flipped.

    Raises:
        RecipeError: If the size or a key makes no sense.

    Examples:
        >>> draw(ImageRecipe(crop="none"), 640, 480)
        ((0.0, 0.0, 640.0, 480.0), False)
    """
    instance("recipe", recipe, ImageRecipe)
    if not all(map(is_count, (width, height, seed, epoch, sample))) or not (
        0 < width < 2**31 and 0 < height < 2**31 and all(0 <= key < 2**63 for key in (seed, epoch, sample))
    ):
        raise RecipeError(f"width={width} and height={height} must be positive, seed, epoch and sample in 0..2**63-1")
    whole("view", view, bits=16)
    keys = {"seed": seed, "epoch": epoch, "sample": sample, "view": view}
    box = _core.draw(recipe.native, width=width, height=height, **keys)
    return (box.left, box.top, box.width, box.height), box.flip


def load(
    data: bytes | str | Path,
    recipe: ImageRecipe,
    *,
    seed: int = 0,
    epoch: int = 0,
    sample: int = 0,
    view: int = 0,
) -> tuple[Image, Box, bool]:
    """Does to one image what the loader does: draws a crop, decodes only what it needs, resizes, flips.

    Args:
        data: Encoded JPEG, PNG or WebP, or a path to one.
        recipe: What is done; its dtype, layout and normalisation are left to the batch.
        seed: The run's seed.
        epoch: The epoch.
        sample: The sample's number in its data set.
        view: Which of the sample's views is drawn.

    Returns:
        [height, width, 3] uint8, the crop box (left, top, width, height) in pixels, and whether it was flipped.

    Raises:
        DecodeError: If the bytes can't be decoded.
        SourceError: If the file can't be read.
        RecipeError: If an argument is of a wrong kind.

    Examples:
        >>> import io, PIL.Image
        >>> file = io.BytesIO()
        >>> PIL.Image.new("RGB", (640, 480), "teal").save(file, "JPEG")
        >>> image, box, flip = load(file.getvalue(), ImageRecipe(size=64, crop="center", resize=72))
        >>> image.shape, [round(x, 1) for x in box], flip
        ((64, 64, 3), [106.7, 26.7, 426.7, 426.7], False)
    """
    instance("recipe", recipe, ImageRecipe)
    check_keys(seed, epoch, sample)
    whole("view", view, bits=16)
    builder = _core.IndexBuilder()
    if isinstance(data, str | Path):
        builder.add_file(str(data), str(data), [])
    else:
        builder.add_bytes("bytes", file_bytes(data), [])
    height, width = recipe.shape
    staged = _core.Staged(_core.Recipe([recipe.pixels], first_view=view), 1)
    row, at = np.zeros(1, np.int64), np.asarray([sample], np.int64)
    for _, error in staged.load(
        builder.finish(), at=row, source_rows=row, samples=at, seed=seed, epoch=epoch, threads=1
    ):
        raise error
    out = np.empty(height * width * 3, np.uint8)
    none = (np.empty(0, np.int64), np.empty(0, np.int64))  # two: each is written to
    staged.finish([out], *none, seed=seed, epoch=epoch, step=0, number=0, threads=1)
    (drawn,) = staged.loaded().views
    left, top, box_width, box_height = drawn.boxes[0].tolist()
    return out.reshape(height, width, 3), (left, top, box_width, box_height), bool(drawn.flips[0])
