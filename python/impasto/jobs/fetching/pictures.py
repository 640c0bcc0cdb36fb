"""From a body to what a shard holds: looked at, decoded once, kept or made smaller."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto import ops
from impasto.errors import DecodeError, ImageTooLargeError, TruncatedImageError, UnsupportedImageError
from impasto.jobs.fetching.links import DeadLink
from impasto.jobs.fetching.settings import FetchSettings
from impasto.jobs.images import shown_as, shrink_to

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_NAMES = {TruncatedImageError: "truncated image", UnsupportedImageError: "unsupported image"}
#: What servers call images that they know no better name for.
_UNNAMED = {"application/octet-stream", "binary/octet-stream", "application/x-octet-stream", "application/unknown"}
_ENDINGS = {"jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as a shard holds it.

    Attributes:
        content: Its file.
        ending: Of the member: "jpg", "png" or "webp".
        width: In pixels.
        height: In pixels.
        original_width: Before it was scaled.
        original_height: Likewise.
        sha256: Of the file as it came.
    """

    content: bytes
    ending: str
    width: int
    height: int
    original_width: int
    original_height: int
    sha256: str


def check_kind(response: ClientResponse) -> None:
    """Refuses an answer that doesn't call itself an image.

    Raises:
        DeadLink: If it calls itself something else.
    """
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind and not kind.startswith("image/") and kind not in _UNNAMED:
        raise DeadLink("not an image", f"its Content-Type is {kind[:80]}")


def check_header(head: bytes, most: int) -> bool:
    """Looks at the header of an image, as soon as there is one.

    Args:
        head: The first bytes of a file.
        most: The most pixels that it may have.

    Returns:
        Whether the header was there; False asks for more bytes.

    Raises:
        DeadLink: If it is no image, or too large a one.
    """
    try:
        header = ops.probe(head)
    except TruncatedImageError:
        return False
    except DecodeError as error:
        raise _dead(error) from None
    if header.width * header.height > most:
        raise DeadLink("too many pixels", f"{header.width}x{header.height}", status="failed_to_resize")
    return True


def make_picture(data: bytes, settings: FetchSettings) -> Picture:
    """Decodes an image whole, which tells whether it is, and makes of it what a shard holds.

    Args:
        data: The file.
        settings: What is written.

    Raises:
        DeadLink: If it is no image, or has too many pixels, which is seen before it is decoded.
    """
    try:
        check_header(data, settings.max_pixels)
        header = ops.probe(data)
        pixels = ops.decode(data, exif=settings.exif, max_pixels=settings.max_pixels, max_bytes=settings.max_bytes)
    except DecodeError as error:
        raise _dead(error) from None
    sha256, sides = hashlib.sha256(data).hexdigest(), (header.width, header.height)
    if settings.size is None or min(sides) <= settings.size:
        return Picture(data, _ENDINGS.get(header.format, header.format), *sides, *sides, sha256)
    small = shrink_to(pixels, settings.size, side="shorter")
    height, width = small.shape[:2]
    content = ops.encode_jpeg(small, quality=settings.quality, orientation=shown_as(header, settings.exif))
    return Picture(content, "jpg", width, height, *sides, sha256)


def _dead(error: DecodeError) -> DeadLink:
    reason = "too many pixels" if isinstance(error, ImageTooLargeError) else _NAMES.get(type(error), "not an image")
    return DeadLink(reason, error.reason, status="failed_to_resize")
