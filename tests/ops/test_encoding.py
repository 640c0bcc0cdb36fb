"""Files written: by Pillow's reading of them, and by libjpeg's coefficients."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

import impasto
from impasto import ImageRecipe, ops

Image = npt.NDArray[np.uint8]


def _read(data: bytes) -> Image:
    with PIL.Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("every", [{}, {"restart_rows": 1}, {"restart_mcus": 7}], ids=str)
def test_a_jpeg_is_the_one_that_pillow_writes(photographs: dict[str, Image], every: dict[str, int]) -> None:
    pixels = photographs["chelsea"]
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=95, subsampling="4:2:0")
    written = ops.encode_jpeg(pixels, quality=95, **every)
    assert (_read(written) == _read(file.getvalue())).all()


@pytest.mark.parametrize("every", [{"restart_rows": 1}, {"restart_rows": 2}, {"restart_mcus": 5}], ids=str)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": "4:4:4", "quality": 30}], ids=str)
def test_restarts_change_no_pixel_of_any_crop(
    photographs: dict[str, Image],
    encode: Callable[..., bytes],
    options: dict[str, object],
    every: dict[str, int],
) -> None:
    plain = encode(photographs["coffee"], **options)
    marked = ops.with_restarts(plain, **every)
    assert marked is not None and (_read(marked) == _read(plain)).all()
    recipe = ImageRecipe(size=64, scale=(0.02, 0.6), interpolation="bilinear")
    for sample in range(40):
        expected, box, _ = ops.load(plain, recipe, sample=sample)
        found, same, _ = ops.load(marked, recipe, sample=sample)
        assert box == same and (found == expected).all()


@given(st.data())
def test_any_crop_of_a_marked_file_is_that_of_the_file(data: st.DataObject) -> None:
    draw = data.draw
    shape = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).integers(0, 256, (*shape, 3), np.uint8)
    plain = ops.encode_jpeg(noise, quality=draw(st.integers(1, 100)))
    name = draw(st.sampled_from(["restart_rows", "restart_mcus"]))
    marked = ops.with_restarts(plain, **{name: draw(st.integers(1, 20))})
    assert marked is not None
    recipe = ImageRecipe(size=draw(st.integers(1, 80)), scale=(0.01, 1.0))
    sample = draw(st.integers(0, 1000))
    assert (ops.load(marked, recipe, sample=sample)[0] == ops.load(plain, recipe, sample=sample)[0]).all()


def test_metadata_come_along(photographs: dict[str, Image]) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 8
    file = io.BytesIO()
    PIL.Image.fromarray(photographs["rocket"][:64, :96]).save(
        file, "JPEG", exif=exif, icc_profile=b"a profile", comment=b"a remark", dpi=(300, 300)
    )
    marked = ops.with_restarts(file.getvalue(), restart_rows=1)
    assert marked is not None
    with PIL.Image.open(io.BytesIO(file.getvalue())) as before, PIL.Image.open(io.BytesIO(marked)) as after:
        kept = ("icc_profile", "comment", "dpi", "exif")
        assert {name: after.info[name] for name in kept} == {name: before.info[name] for name in kept}


def test_damage_is_not_written_again(photographs: dict[str, Image], encode: Callable[..., bytes]) -> None:
    whole = encode(photographs["chelsea"])
    with pytest.raises(impasto.TruncatedImageError):
        ops.with_restarts(whole[: len(whole) // 2], restart_rows=1)
    assert ops.with_restarts(whole[: len(whole) // 2] + b"\xff\xd9", restart_rows=1) is None
    with pytest.raises(impasto.DecodeError):
        ops.with_restarts(encode(photographs["chelsea"][:9, :9], "PNG"), restart_rows=1)


_WRITTEN: list[bool] = []


@given(st.data())
@effort(max_examples=300)
def _mutated(data: st.DataObject) -> None:
    draw = data.draw
    shape = draw(st.integers(8, 60)), draw(st.integers(8, 60))
    noise = np.random.default_rng(draw(st.integers(0, 99))).integers(
        0, draw(st.integers(1, 256)), (*shape, 3), np.uint8
    )
    options = {
        "quality": draw(st.integers(1, 100)),
        "subsampling": draw(st.sampled_from([0, 1, 2])),
        "progressive": draw(st.booleans()),
        "restart_marker_blocks": draw(st.integers(0, 3)),
    }
    file = io.BytesIO()
    picture = PIL.Image.fromarray(noise).convert(draw(st.sampled_from(["RGB", "L", "CMYK"])))
    picture.save(file, "JPEG", **options)
    damaged = bytearray(file.getvalue())
    scan = damaged.index(b"\xff\xda")
    for _ in range(draw(st.integers(0, 4))):
        # In the headers most changes are errors; in the data many go unseen by whoever reads on.
        at = draw(st.one_of(st.integers(0, len(damaged) - 1), st.integers(scan, len(damaged) - 1)))
        damaged[at] = draw(st.integers(0, 255))
    every = {draw(st.sampled_from(["restart_rows", "restart_mcus"])): draw(st.integers(1, 3))}
    _WRITTEN.append(False)
    try:
        written = ops.with_restarts(bytes(damaged), **every)
    except impasto.DecodeError:
        return
    if written is None:
        return
    _WRITTEN[-1] = True
    seen = _read(bytes(damaged))
    assert (_read(written) == seen).all() and (ops.decode(written) == seen).all()
    recipe = ImageRecipe(size=draw(st.integers(1, 40)), scale=(0.02, 1.0))
    for sample in range(3):
        assert (ops.load(written, recipe, sample=sample)[0] == ops.load(bytes(damaged), recipe, sample=sample)[0]).all()


def test_whatever_is_written_shows_what_the_file_shows() -> None:
    """Bytes changed anywhere, or nowhere: an error, a file left alone, or what Pillow shows of it, in every crop."""
    _WRITTEN.clear()
    _mutated()
    assert len(_WRITTEN) / 10 < sum(_WRITTEN) < len(_WRITTEN)  # both ends are reached, and often


@pytest.mark.parametrize("shape", [(1, 1), (32, 32), (300, 7), (200, 300)])
def test_pixels_as_they_are(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    written = ops.encode_pixels(pixels, orientation=6)
    assert (_read(written) == pixels).all() and (ops.decode(written) == pixels).all()
    assert ops.probe(written).orientation == 6
    with PIL.Image.open(io.BytesIO(written)) as image:
        assert image.getexif()[0x0112] == 6
    assert (ops.decode(written, exif="apply") == np.rot90(pixels, -1)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": 0},
        {"quality": 95.0},
        {"restart_rows": -1},
        {"restart_rows": 1, "restart_mcus": 1},
        {"orientation": 9},
    ],
    ids=str,
)
def test_what_makes_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(impasto.RecipeError):
        ops.encode_jpeg(np.zeros((8, 8, 3), np.uint8), **wrong)
