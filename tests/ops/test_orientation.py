"""``exif="apply"`` finds an orientation wherever Pillow's ``exif_transpose`` does."""

import io
import struct
import zlib

import numpy as np
import PIL.features
import PIL.Image
import PIL.ImageOps
import PIL.PngImagePlugin
import pytest

from impasto import ops

XAP = b"http://ns.adobe.com/xap/1.0/\0"


def xmp(body):
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {body}</rdf:Description></x:xmpmeta>'.encode()


def exif(*entries, order="<", magic=42):
    """A TIFF block whose entries are (tag, type, count, value); four bytes are a value as they are."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", magic, 8, len(entries))
    packed = [
        struct.pack(order + "HHI", *entry[:3])
        + (entry[3] if isinstance(entry[3], bytes) else struct.pack(order + "I", entry[3]))
        for entry in entries
    ]
    return head + b"".join(packed) + bytes(4)


def short(value, order="<"):
    return struct.pack(order + "HH", value, 0)


SIX = (0x112, 3, 1, short(6))
RATIONAL = exif((0x112, 5, 1, 26))  # the value lies right behind the directory
BLOCKS = {
    "short": exif(SIX),
    "big-endian": exif((0x112, 3, 1, short(8, ">")), order=">"),
    "long": exif((0x112, 4, 1, 5)),
    "byte": exif((0x112, 1, 1, short(6))),
    "signed byte": exif((0x112, 6, 1, short(6))),
    "text": exif((0x112, 2, 2, b"6\0\0\0")),
    "undefined": exif((0x112, 7, 1, short(6))),
    "float": exif((0x112, 11, 1, struct.pack("<f", 3))),
    "half": exif((0x112, 11, 1, struct.pack("<f", 3.5))),
    "rational": RATIONAL + struct.pack("<II", 12, 2),
    "rational cut": RATIONAL + bytes(3),
    "twice": exif((0x112, 3, 1, short(2)), SIX),
    "first of an unknown type": exif((0x112, 99, 1, short(2)), SIX),
    "after other tags": exif((0x10F, 2, 4, b"abc\0"), (0x128, 3, 1, short(2)), SIX),
    "after a value outside": exif((0x10F, 2, 16, 4000), SIX),
    "after one that is too long": exif((0x10F, 2, 1 << 31, 10), SIX),
    "zero": exif((0x112, 3, 1, short(0))),
    "nine": exif((0x112, 3, 1, short(9))),
    "one, though XMP says seven": (exif((0x112, 3, 1, short(1))), xmp('tiff:Orientation="7">')),
    "not there, and XMP says seven": (exif((0x128, 3, 1, short(2))), xmp('tiff:Orientation="7">')),
    "prefixed again": b"Exif\0\0" + exif(SIX),
    "cut": exif(SIX)[:-8],
    "XMP as an element": (None, xmp("><tiff:Orientation>3</tiff:Orientation>")),
    "XMP in single quotes": (None, xmp("tiff:Orientation='3'>")),
    "XMP of nine": (None, xmp('tiff:Orientation="9">')),
    "XMP of two digits": (None, xmp('tiff:Orientation="61">')),
}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def segment(data):
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def jpeg(plain, block, packet):
    app = (segment(b"Exif\0\0" + block) if block is not None else b"") + (segment(XAP + packet) if packet else b"")
    return plain[:2] + app + plain[2:]


def png(plain, block, packet):
    added = chunk(b"eXIf", block) if block is not None else b""
    added += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet) if packet else b""
    return plain[:33] + added + plain[33:]


def webp(plain, block, packet):
    options = {"exif": block} if block is not None else {}
    file = io.BytesIO()
    picture = PIL.Image.open(io.BytesIO(plain))
    picture.save(file, "WEBP", lossless=True, **options, **({"xmp": packet} if packet else {}))
    return file.getvalue()


def check(data):
    picture = PIL.Image.open(io.BytesIO(data))
    upright = np.asarray(PIL.ImageOps.exif_transpose(picture).convert("RGB"))
    assert np.array_equal(ops.decode(data, exif="apply"), upright)


@pytest.fixture(scope="module")
def plain(photographs, encode):
    tile = photographs["chelsea"][80:95, 100:130]
    return {make: encode(tile, kind) for make, kind in ((jpeg, "JPEG"), (png, "PNG"), (webp, "PNG"))}


@pytest.mark.parametrize("make", [jpeg, png, webp])
@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
def test_where_it_may_stand(plain, make, name):
    block, packet = BLOCKS[name] if isinstance(BLOCKS[name], tuple) else (BLOCKS[name], None)
    check(make(plain[make], block, packet))


@pytest.mark.parametrize("cut", [10, 20, 30])
def test_exif_in_two_segments(plain, cut):
    whole = exif((0x10F, 2, 4, b"abc\0"), SIX)
    data = plain[jpeg]
    check(data[:2] + segment(b"Exif\0\0" + whole[:cut]) + segment(b"Exif\0\0" + whole[cut:]) + data[2:])


def test_the_last_xmp_counts(plain):
    data = plain[jpeg]
    packets = [segment(XAP + xmp(f'tiff:Orientation="{value}">')) for value in (3, 8)]
    check(data[:2] + b"".join(packets) + data[2:])


RAW = b"\nexif\n" + b"%8d\n" % 32 + (b"Exif\0\0" + exif(SIX)).hex().encode() + b"\n"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "added",
    [
        chunk(b"tEXt", b"Raw profile type exif\0" + RAW),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(RAW)),
        chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(xmp('tiff:Orientation="5">'))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0x\0" + zlib.compress(xmp('tiff:Orientation="7">'))),
        chunk(b"tEXt", b"XML:com.adobe.xmp\0" + xmp('tiff:Orientation="2">')),
        chunk(b"tEXt", b"Comment\0" + xmp('tiff:Orientation="2">')),
        chunk(b"eXIf", exif((0x112, 3, 1, short(4)))) + chunk(b"tEXt", b"Raw profile type exif\0" + RAW),
    ],
)
def test_text_of_a_png(plain, added, late):
    data = plain[png]
    at = len(data) - 12 if late else 33
    check(data[:at] + added + data[at:])


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF", "ICO", "PPM", "JPEG2000"])
def test_other_formats_are_named(photographs, encode, kind):
    from impasto import UnsupportedImageError

    if kind == "AVIF" and not PIL.features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    named = {"JPEG2000": "JPEG 2000"}.get(kind, kind)
    with pytest.raises(UnsupportedImageError, match=named):
        ops.decode(encode(photographs["chelsea"][:16, :16], kind))
