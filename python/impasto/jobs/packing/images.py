"""What becomes of an image when it is packed."""

from __future__ import annotations

from typing import Literal, NamedTuple

from impasto import ops
from impasto.errors import ImageTooLargeError
from impasto.jobs.images import shown_as, shrink_to
from impasto.jobs.packing.settings import PackSettings
from impasto.recipe import ImageRecipe

#: What was done to an image: nothing; scaled down; turned upright; restart markers; pixels as they are. ``irregular``
#: names JPEGs that were to get restart markers and keep their bytes, as decoders guess what is in them.
Done = Literal["kept", "irregular", "shrunk", "turned", "restarts", "pixels"]

DONE: tuple[Done, ...] = ("kept", "irregular", "shrunk", "turned", "restarts", "pixels")

_ENDINGS = {"jpeg": "jpg", "png": "png", "webp": "webp"}


class PackedImage(NamedTuple):
    """An image as it is packed.

    Attributes:
        ending: Of its member's name.
        content: The file's bytes.
        width: Pixels a row, as stored.
        height: Rows, as stored.
        done: What was done to it.
    """

    ending: str
    content: bytes
    width: int
    height: int
    done: Done


def pack_image(data: bytes, settings: PackSettings) -> PackedImage:
    """Does to an image what the settings say.

    Args:
        data: Encoded JPEG, PNG or WebP.
        settings: What is done.

    Raises:
        DecodeError: If it can't be decoded. An image that keeps its bytes is judged by its header.
        ImageTooLargeError: If its header asks for more pixels than a default `ImageRecipe` decodes.
    """
    header = ops.probe(data)
    pixels_told = header.width * header.height
    if pixels_told > ImageRecipe.max_pixels:  # whoever reads the shard would refuse it
        size = f"{header.width}x{header.height}: {pixels_told} pixels"
        more = f"more than the max_pixels={ImageRecipe.max_pixels} that an ImageRecipe allows by default"
        raise ImageTooLargeError(f"the header says {size}, {more}; scale the image down, or skip bad samples")
    turned = settings.exif == "apply" and header.orientation != 1
    side = min(header.width, header.height)
    scale = settings.short_side / side if settings.short_side and side > settings.short_side else 1.0
    longest = round(max(header.width, header.height) * scale)
    plain = longest <= settings.pixels_up_to
    if scale == 1.0 and not turned and not plain:
        return _unchanged(data, header, settings)
    pixels = ops.decode(data, exif=settings.exif)
    pixels = shrink_to(pixels, settings.short_side, side="shorter")
    orientation = shown_as(header, settings.exif)
    height, width = pixels.shape[:2]
    if plain:
        return PackedImage("png", ops.encode_pixels(pixels, orientation=orientation), width, height, "pixels")
    content = ops.encode_jpeg(
        pixels,
        quality=settings.quality,
        restart_rows=settings.restart_rows,
        restart_mcus=settings.restart_mcus,
        orientation=orientation,
    )
    return PackedImage("jpg", content, width, height, "turned" if scale == 1.0 else "shrunk")


def _unchanged(data: bytes, header: ops.ImageHeader, settings: PackSettings) -> PackedImage:
    """The image with all its pixels: its bytes, or a JPEG's coefficients between restart markers."""
    size = header.width, header.height
    if header.format != "jpeg" or not (settings.restart_rows or settings.restart_mcus):
        return PackedImage(_ENDINGS[header.format], data, *size, "kept")
    content = ops.with_restarts(data, restart_rows=settings.restart_rows, restart_mcus=settings.restart_mcus)
    if content is None:
        return PackedImage("jpg", data, *size, "irregular")
    return PackedImage("jpg", content, *size, "restarts")
