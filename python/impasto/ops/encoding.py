"""From pixels to files: JPEG with restart markers if they are wanted, and pixels as they are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from impasto import _core
from impasto.checks import is_count, require
from impasto.ops.images import Image, check_image, file_bytes
from impasto.recipe import ImageRecipe

#: The largest interval between restart markers (ITU T.81, B.2.4.4).
_MOST = 65_535


def encode_jpeg(
    image: Image, *, quality: int = 95, restart_rows: int = 0, restart_mcus: int = 0, orientation: int = 1
) -> bytes:
    """Writes an image as a baseline JPEG file, 4:2:0, by the libjpeg-turbo that impasto carries.

    Args:
        image: [H, W, 3] uint8, RGB.
        quality: From 1 to 100, on libjpeg's scale.
        restart_rows: A restart marker after every so many rows of MCUs (16x16 pixels each); 0 writes none.
        restart_mcus: Or after every so many MCUs.
        orientation: EXIF's number from 1 to 8; all but 1 are written down.

    Returns:
        The file's bytes; the same pixels give the same bytes.

    Raises:
        RecipeError: If an argument makes no sense.

    Examples:
        >>> import numpy as np
        >>> from impasto.ops import probe
        >>> probe(encode_jpeg(np.full((48, 64, 3), 200, np.uint8), orientation=6))[:4]
        ('jpeg', 64, 48, 6)
    """
    check_image(image)
    check_restarts(restart_rows, restart_mcus)
    require(is_count(quality) and 1 <= quality <= 100, f"quality={quality!r} must be a whole number in 1..100")
    _check_orientation(orientation)
    return _core.encode_jpeg(
        np.ascontiguousarray(image), quality=quality, rows=restart_rows, mcus=restart_mcus, orientation=orientation
    )


def with_restarts(data: bytes | str | Path, *, restart_rows: int = 0, restart_mcus: int = 0) -> bytes | None:
    """Writes a JPEG again with restart markers, and the same pixels to every decoder.

    The coefficients are copied, not decoded, as `jpegtran` does it, with tables of quantisation and all metadata. The
    copy is baseline in one scan, whatever the file was. Decoders that know how, such as the loader's, skip from marker
    to marker what a crop does not need.

    Args:
        data: An encoded JPEG, or a path to one.
        restart_rows: A marker after every so many rows of MCUs (16x16 pixels each in 4:2:0); 0 writes none.
        restart_mcus: Or after every so many MCUs.

    Returns:
        The file's bytes; None where its data are irregular, so that decoders guess: it is best left as it is.

    Raises:
        DecodeError: If it is no JPEG that can be decoded.
        SourceError: If the file can't be read.
        RecipeError: If an argument makes no sense.
    """
    check_restarts(restart_rows, restart_mcus)
    return _core.with_restarts(
        file_bytes(data),
        rows=restart_rows,
        mcus=restart_mcus,
        max_pixels=ImageRecipe.max_pixels,
        max_bytes=ImageRecipe.max_bytes,
        max_scans=ImageRecipe.max_scans,
    )


def encode_pixels(image: Image, *, orientation: int = 1) -> bytes:
    """Writes an image's pixels as they are, as a PNG file without compression.

    Every reader of PNG takes it; to decode it is to copy it, and to check its sums.

    Args:
        image: [H, W, 3] uint8, RGB.
        orientation: EXIF's number from 1 to 8; all but 1 are written down.

    Returns:
        The file's bytes (W3C's PNG, third edition); 3 for each pixel, and less than a hundred more for small images.

    Raises:
        RecipeError: If an argument makes no sense.

    Examples:
        >>> import numpy as np
        >>> image = np.arange(32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(32, 32, 3)
        >>> from impasto.ops import decode
        >>> bool((decode(encode_pixels(image)) == image).all()), len(encode_pixels(image)) - image.size
        (True, 100)
    """
    check_image(image)
    _check_orientation(orientation)
    height, width = image.shape[:2]
    require(height > 0 and width > 0, f"image has no pixels ({width} x {height})")
    filtered = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: none
    filtered[:, 1:] = image.reshape(height, 3 * width)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    if orientation != 1:
        chunks.append((b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, *(7 * [0])])))
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes(), 0)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def check_restarts(restart_rows: int, restart_mcus: int) -> None:
    """Requires at most one of two intervals between restart markers."""
    for name, value in (("restart_rows", restart_rows), ("restart_mcus", restart_mcus)):
        whole = is_count(value) and 0 <= value <= _MOST
        require(whole, f"{name}={value!r} must be a whole number in 0..{_MOST}")
    require(not (restart_rows and restart_mcus), "restart_rows and restart_mcus are two ways to say one thing; say one")


def _check_orientation(orientation: int) -> None:
    known = is_count(orientation) and 1 <= orientation <= 8
    require(known, f"orientation={orientation!r} must be a whole number in 1..8")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
