"""Full decoding is bit-equal to Pillow's."""

import contextlib
import io
import itertools
import struct
import warnings
import zlib

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.ImageOps
import pytest

import impasto
from impasto import ops
from impasto.errors import DecodeError

SIZES = [(1, 1), (1, 9), (7, 1), (8, 8), (15, 17), (16, 16), (33, 31), (63, 5), (97, 130)]


def pillow(data: bytes) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def cut(photographs, height, width, at=40):
    return photographs["coffee"][at : at + height, at : at + width]


@pytest.mark.parametrize("quality", [5, 50, 90, 100])
def test_jpeg_equals_pillow(photographs, encode, quality):
    differing = []
    options = itertools.product(SIZES, ("4:4:4", "4:2:2", "4:2:0"), (False, True), (0, 3))
    for (height, width), subsampling, progressive, restart in options:
        settings = {"subsampling": subsampling, "progressive": progressive, "restart_marker_blocks": restart}
        data = encode(cut(photographs, height, width), quality=quality, **settings)
        if not np.array_equal(ops.decode(data), pillow(data)):
            differing.append((height, width, settings))
    assert not differing


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_gray_and_cmyk_equal_pillow(photographs, encode, size, progressive):
    picture = PIL.Image.fromarray(cut(photographs, *size))
    for mode in ("L", "CMYK"):
        data = encode(picture.convert(mode), quality=85, progressive=progressive)
        assert np.array_equal(ops.decode(data), pillow(data)), mode


def test_what_a_thread_keeps_is_of_no_file(photographs, encode):
    picture = PIL.Image.fromarray(cut(photographs, 40, 50))
    pictures = [picture, picture.convert("L"), picture.convert("CMYK")]
    files = [
        encode(picture, quality=quality, optimize=optimize, progressive=progressive)
        for picture, quality, optimize, progressive in itertools.product(
            pictures, (20, 95), (False, True), (False, True)
        )
    ]
    random = np.random.default_rng(0)
    for data in (files[at] for at in random.integers(len(files), size=200)):
        assert np.array_equal(ops.decode(data), pillow(data))
        broken = bytearray(data)
        broken[random.integers(2, len(data))] ^= 0xFF
        with contextlib.suppress(DecodeError):
            ops.decode(bytes(broken))


def test_wide_photographs_equal_pillow(photographs, encode):
    for name, photograph in photographs.items():
        data = encode(photograph, quality=92)
        assert np.array_equal(ops.decode(data), pillow(data)), name


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (40, 33)])
def test_png_equals_pillow(photographs, encode, mode, size):
    picture = PIL.Image.fromarray(cut(photographs, *size)).convert("RGB")
    data = encode(picture.quantize(13) if mode == "P" else picture.convert(mode), "PNG")
    assert np.array_equal(ops.decode(data), pillow(data))


def test_png_palette_with_transparency_drops_it(photographs, encode):
    picture = PIL.Image.fromarray(cut(photographs, 20, 20)).quantize(4)
    data = encode(picture, "PNG", transparency=1)
    assert np.array_equal(ops.decode(data), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_palette_of_few_bits_equals_pillow(photographs, encode, bits):
    picture = PIL.Image.fromarray(cut(photographs, 21, 19)).quantize(1 << bits)
    data = encode(picture, "PNG", bits=bits)
    assert ops.probe(data).bits == bits
    assert np.array_equal(ops.decode(data), pillow(data))


def test_png_of_sixteen_bits_keeps_the_high_byte(encode):
    values = np.arange(256 * 64, dtype=np.uint16).reshape(64, 256) * 4 + 3
    data = encode(PIL.Image.fromarray(values), "PNG")
    assert np.array_equal(ops.decode(data), np.repeat((values >> 8).astype(np.uint8)[..., None], 3, 2))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 30}, {"quality": 95, "method": 6}], ids=str)
def test_webp_equals_pillow(photographs, encode, mode, options):
    picture = PIL.Image.fromarray(cut(photographs, 145, 267)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(PIL.Image.fromarray(cut(photographs, 145, 267)).convert("L"))
    data = encode(picture, "WEBP", **options)
    assert ops.probe(data)[:5] == ("webp", 267, 145, 1, len(mode))
    assert np.array_equal(ops.decode(data), pillow(data))


def test_an_animations_first_frame_equals_pillow(photographs, encode):
    """Which may be a part of the canvas, that is black around it."""
    frames = [PIL.Image.new("RGBA", (90, 70)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste(PIL.Image.fromarray(cut(photographs, 20, 30 + number)), (40, 30))
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert b"ANMF" in data and int.from_bytes(data[data.index(b"ANMF") + 8 :][:3], "little") > 0
    assert np.array_equal(ops.decode(data), pillow(data))
    # Threads keep their memory: what is left of another image must not be seen.
    recipe = impasto.Recipe(
        image=impasto.ImageRecipe(size=(70, 90), crop="none", exact=True, dtype="uint8", layout="hwc"), text=None
    )
    both = impasto.sources.Sequence([(encode(photographs["chelsea"][:70, :90], "WEBP"), []), (data, [])])
    (batch,) = impasto.Loader(both, recipe, batch_size=2, shuffle=False)
    assert np.array_equal(batch.images[1].numpy(), pillow(data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_ignored_or_applied(photographs, encode, orientation, kind):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    data = encode(cut(photographs, 30, 50), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    assert ops.probe(data).orientation == orientation
    assert np.array_equal(ops.decode(data), pillow(data))
    upright = PIL.ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data))).convert("RGB")
    assert np.array_equal(ops.decode(data, exif="apply"), np.asarray(upright))


def test_a_colour_profile_is_left_alone(photographs, encode):
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("LAB")).tobytes()
    data = encode(cut(photographs, 16, 16), icc_profile=profile)
    assert np.array_equal(ops.decode(data), pillow(data))


def test_paths_are_read(photographs, encode, tmp_path):
    path = tmp_path / "ein Bild.jpg"
    path.write_bytes(encode(cut(photographs, 9, 9)))
    assert np.array_equal(ops.decode(path), ops.decode(path.read_bytes()))


def test_a_palette_that_is_cut_equals_pillow():
    """Its last entry counts as none; indices past it are black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for bits, length, transparency in itertools.product((1, 2, 4, 8), range(3, 14), (b"", b"\1\2")):
        width = 9
        row = b"\0" + bytes(range(27, 27 + -(-width * bits // 8)))
        header = struct.pack(">IIBBBBB", width, 2, bits, 3, 0, 0, 0)
        chunks = [(b"IHDR", header), (b"PLTE", bytes(range(100, 100 + length)))]
        chunks += [(b"tRNS", transparency)] * bool(transparency) + [(b"IDAT", zlib.compress(2 * row)), (b"IEND", b"")]
        data = b"\x89PNG\r\n\x1a\n" + b"".join(itertools.starmap(chunk, chunks))
        with warnings.catch_warnings(action="ignore"):
            assert np.array_equal(ops.decode(data), pillow(data)), (bits, length, transparency)
