"""Somebody's own data in benches: their images, captions and classes, and nothing that doesn't open."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from impasto import ops
from impasto.errors import RecipeError
from impasto.recipe import ImageRecipe
from impasto.sources import ImageFolder, Sequence
from impasto_lab.bench import photographs, train_step
from impasto_lab.bench.own_files import BROKEN, own_files, own_images, own_pixels
from impasto_lab.bench.settings import TrainStepTiming
from impasto_lab.bench.stylizing import measuring


def _encoded(kind: str, seed: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(photographs.pixels(1, 80, seed=seed)[0]).save(file, kind)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "cat/0.jpg": _encoded("JPEG", 0),
        "cat/1.jpg": b"no image",
        "dog/0.png": _encoded("PNG", 1),
        "dog/1.jpg": _encoded("JPEG", 2),
    }.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)
    return tmp_path / "in"


def test_images_and_what_they_are_called(folder: Path, tmp_path: Path) -> None:
    (out := tmp_path / "out").mkdir()
    files, left_out = own_files(ImageFolder(folder), out, 9, batch_size=3)
    assert files.kinds == {"JPEG", "PNG"} and left_out == {BROKEN: 1}
    assert files.names == ("000000.jpg", "000001.png", "000002.jpg")
    assert files.captions == ("a photo of cat", "a photo of dog", "a photo of dog")
    assert [image for _, image, _ in files.rows()] == [
        (folder / name).read_bytes() for name in ("cat/0.jpg", "dog/0.png", "dog/1.jpg")
    ]
    captioned, _ = own_files(Sequence([(_encoded("JPEG", 0), ["a", "b"])]), out, 9, batch_size=1)
    assert captioned.captions == ("a",) and "000000.jpg" in captioned.annotations.read_text(encoding="utf-8")
    few = "of {} rows of .* {} are JPEG, PNG or WebP that Pillow opens, fewer than a batch of 4; take {}$"
    with pytest.raises(RecipeError, match=few.format(4, 3, "a smaller batch_size")):
        own_files(ImageFolder(folder), out, 9, batch_size=4)
    with pytest.raises(RecipeError, match=few.format(2, 2, "more images, or a smaller batch_size")):
        own_files(ImageFolder(folder), out, 2, batch_size=4)
    none = Sequence([(b"no image", "")])
    for take in (lambda: own_images(none, 9), lambda: own_files(none, out, 9, batch_size=1)):
        with pytest.raises(
            RecipeError, match="among 1 of its rows that Pillow opens; `impasto info` says what is wrong"
        ):
            take()


def test_what_pillow_refuses_in_its_own_ways_is_left_out() -> None:
    png = _encoded("PNG", 0)
    bomb = bytearray(png)
    bomb[16:24] = struct.pack(">II", 20_000, 20_000)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    with pytest.raises(PIL.Image.DecompressionBombError):
        PIL.Image.open(io.BytesIO(bomb))
    cut = bytearray(png)  # at whose end something is that is no chunk
    cut[(at := cut.index(b"IDAT")) - 4 : at] = struct.pack(">I", 10)
    with pytest.raises(SyntaxError), PIL.Image.open(io.BytesIO(cut)) as image:
        image.load()
    data = Sequence([(bytes(row), "") for row in (bomb, cut, png)])
    assert own_images(data, 3) == ("PNG", [png], {BROKEN: 2})


def test_what_is_of_another_kind_is_counted() -> None:
    """By what it is: those who decode have one kind to decode, and CMYK is more than some of them can."""
    cmyk = io.BytesIO()
    PIL.Image.new("CMYK", (8, 8)).save(cmyk, "JPEG")
    jpegs = [_encoded("JPEG", seed) for seed in range(2)]
    rows = [_encoded("GIF", 0), _encoded("GIF", 1), _encoded("GIF", 2), cmyk.getvalue(), _encoded("WEBP", 3), *jpegs]
    own = own_images(Sequence([(row, "") for row in rows]), 9)
    assert own == ("JPEG", jpegs, {"CMYK JPEG": 1, "GIF": 3, "WebP": 1})


def test_the_middle_of_few_comes_again() -> None:
    rows = [_encoded("JPEG", seed) for seed in range(2)]
    data = Sequence([(row, "") for row in rows])
    pixels = own_pixels(own_images(data, 3).images, 3, 48)
    for found, row in zip(pixels, (*rows, rows[0]), strict=True):
        assert np.array_equal(found, ops.load(row, ImageRecipe(size=48, crop="center"))[0])
    batch = measuring._images(measuring.Workload(48, 3), data, 0)
    assert torch.equal((255 * batch).round().permute(0, 2, 3, 1).byte(), torch.from_numpy(pixels))


def test_steps_are_fed_with_them(folder: Path) -> None:
    timing = TrainStepTiming(preset="tiny", images=9, batch_size=3, rounds=1)
    found = train_step.run(timing, data=ImageFolder(folder)).as_dict()
    assert found["answers"]["images"] == 3 and "2 classes" in found["settings"]["data"]
    assert all(row["version"] for row in found["rows"])
