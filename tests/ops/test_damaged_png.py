"""PNGs that are not as the standard has them are read, or refused, as Pillow does."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import PIL.Image
import pytest

from impasto import DecodeError, ImageRecipe, TruncatedImageError, ops

SIGNATURE, SIDE = b"\x89PNG\r\n\x1a\n", 5


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(colour: int, interlaced: int = 0) -> bytes:
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, colour, 0, 0, interlaced))


def pixels(channels: int = 1, rows: int = SIDE) -> bytes:
    row = bytes(range(1, 1 + SIDE * channels))
    return zlib.compress(b"".join(b"\0" + row[number:] + row[:number] for number in range(rows)))


IDAT, IEND = chunk(b"IDAT", pixels()), chunk(b"IEND")
WHOLE = header(0) + IDAT + IEND
INDEXED = header(3)
COLOURS = chunk(b"PLTE", bytes(range(200, 230)))

TAKEN = {
    "IEND missing": WHOLE[:-12],
    "IEND cut": WHOLE[:-4],
    "IEND's name cut": WHOLE[:-7],
    "IDAT's checksum missing": WHOLE[:-16],
    "the pixels' checksum missing": WHOLE[:-20],
    "no palette": INDEXED + IDAT + IEND,
    "an empty palette": INDEXED + chunk(b"PLTE") + IDAT + IEND,
    "a palette of two bytes": INDEXED + chunk(b"PLTE", b"ab") + IDAT + IEND,
    "a cut palette": INDEXED + chunk(b"PLTE", bytes(range(31))) + IDAT + IEND,
    "two palettes": INDEXED + chunk(b"PLTE", bytes(9)) + COLOURS + IDAT + IEND,
    "a broken palette of gray": header(0) + chunk(b"PLTE", b"ab") + IDAT + IEND,
    "an empty palette of RGB": header(2) + chunk(b"PLTE") + chunk(b"IDAT", pixels(3)) + IEND,
    "an unknown critical chunk": header(0) + chunk(b"ABCD", b"xx") + IDAT + IEND,
    "one that holds no palette": INDEXED + COLOURS + chunk(b"ABCD") + IDAT + IEND,
    "a wrong checksum of IDAT": WHOLE[:-16] + bytes(4) + IEND,
    "too many rows": header(0) + chunk(b"IDAT", pixels(rows=9)) + IEND,
}
REFUSED = {
    "a cut header": WHOLE[:20],
    "no pixels": header(0) + IEND,
    "half of the pixels": WHOLE[: len(header(0)) + 15],
    "a palette of 300 colors": INDEXED + chunk(b"PLTE", bytes(900)) + IDAT + IEND,
    "a wrong checksum of an unknown chunk": header(0) + chunk(b"ABCD", b"xx")[:-1] + b"?" + IDAT + IEND,
    "a wrong checksum of the pixels": header(0) + chunk(b"IDAT", pixels()[:-4] + bytes(4)) + IEND,
    "wrong pixels in a chunk whose checksum is missing": WHOLE[:-24] + b"?" + WHOLE[-23:-16],
    "wrong checksums of IDAT and the pixels": WHOLE[:-20] + bytes(8) + IEND,
    "pixels in two places": header(0) + chunk(b"IDAT", pixels()[:9]) + chunk(b"tEXt", b"a\0b") + IDAT + IEND,
}


def with_pillow(data: bytes) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("name", TAKEN)
def test_what_pillow_reads_is_read(name: str) -> None:
    data = TAKEN[name]
    assert np.array_equal(ops.decode(data), with_pillow(data))
    assert ops.probe(data)[:3] == ("png", SIDE, SIDE)


@pytest.mark.parametrize("name", REFUSED)
def test_what_pillow_refuses_is_refused_in_words(name: str) -> None:
    data = REFUSED[name]
    with pytest.raises((OSError, ValueError, SyntaxError)):
        with_pillow(data)
    with pytest.raises(DecodeError) as caught:
        ops.decode(data)
    assert "{" not in str(caught.value) and "Chunk" not in str(caught.value).replace("Chunk length", "")


def test_missing_rows_are_never_black_without_a_word() -> None:
    """Here we are stricter: Pillow leaves them black where the stream ends as if it were whole."""
    data = header(0) + chunk(b"IDAT", pixels(rows=SIDE - 1)) + IEND
    assert not with_pillow(data)[-1].any()
    with pytest.raises(TruncatedImageError, match="fewer rows than its header says"):
        ops.decode(data)


def test_a_repaired_image_keeps_orientation_and_limits(encode: Callable[..., bytes]) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    data = encode(np.zeros((4, 6, 3), np.uint8), "PNG", exif=exif)[:-12]
    assert ops.probe(data).orientation == 6 and ops.decode(data, exif="apply").shape == (6, 4, 3)
    with pytest.raises(DecodeError, match="max_pixels=23"):
        ops.decode(data, max_pixels=23)
    assert ops.load(data, ImageRecipe(size=2))[0].shape == (2, 2, 3)
