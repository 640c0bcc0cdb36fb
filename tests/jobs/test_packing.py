"""Data sets as shards: what tarfile, Pillow and impasto find in them, the same bytes however they came about."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import tarfile
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import PIL.ImageOps
import pytest

import impasto
from impasto import ops
from impasto.jobs import PackSettings, pack, pack_image, verify

Contents = Callable[[Path], dict[str, bytes]]
Image = npt.NDArray[np.uint8]
SMALL = PackSettings(shard_size=3)


def _samples(folder: Path) -> dict[str, dict[str, bytes]]:
    samples: dict[str, dict[str, bytes]] = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, ending = member.name.partition(".")
                file = tar.extractfile(member)
                assert file is not None
                samples.setdefault(key, {})[ending] = file.read()
    return samples


def _sizes(folder: Path) -> list[tuple[int, int]]:
    sizes = []
    for members in _samples(folder).values():
        with PIL.Image.open(io.BytesIO(members.get("jpg") or members["png"])) as image:
            record = json.loads(members["json"])
            assert image.size == (record["width"], record["height"])
            sizes.append(image.size)
    return sizes


def test_bytes_captions_and_labels_are_kept(images: list[bytes], tmp_path: Path) -> None:
    rows = [(image, [f"cut {n}", f"caf\u00e9 {n}"][: n % 3], n - 3) for n, image in enumerate(images)]
    data = _Labelled(rows)
    done = pack(data, tmp_path / "out", SMALL)
    assert (done.samples, done.done["kept"], done.done_before, done.bad) == (7, 7, 0, ())
    for opened in (impasto.sources.open(tmp_path / "out"), impasto.sources.open(done.shards)):
        assert list(opened.keys) == [f"{n:08d}" for n in range(7)]
        for n, (image, captions, label) in enumerate(rows):
            sample = opened[n]
            assert (sample.image, list(sample.captions), sample.label) == (image, captions, label)
            assert sample.facts["json"]["key"] == data.key(n)
    first = impasto.sources.WebDataset(done.shards)
    assert [first.index.captions(n) for n in range(3)] == [[], ["cut 1"], ["cut 2"]]
    listed = json.loads(Path(done.index).read_text())
    assert [shard["nsamples"] for shard in listed["shardlist"]] == [3, 3, 1]


class _Labelled(impasto.sources.GatheredSource):
    """Rows of image, captions and label."""

    def __init__(self, rows: list[tuple[bytes, list[str], int]]) -> None:
        super().__init__("rows")
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, row: int) -> str:
        return f"a.b/{row}"

    def gather(self, ids: object) -> impasto._core.Index:
        builder = impasto._core.IndexBuilder()
        for row in ids:  # type: ignore[attr-defined]
            builder.add_bytes(self.key(row), *self.rows[row])
        return builder.finish()


def test_big_images_shrink_and_small_ones_do_not_grow(data: impasto.sources.Source, tmp_path: Path) -> None:
    done = pack(data, tmp_path, replace(SMALL, short_side=30, quality=90))
    assert (done.done["shrunk"], done.done["kept"]) == (2, 5)
    assert _sizes(tmp_path) == [(32, 24), (24, 32), (30, 30), (32, 24), (24, 32), (30, 30), (32, 24)]
    pixels = ops.resize(ops.decode(data[2].image), 30)
    assert _samples(tmp_path)["00000002"]["jpg"] == ops.encode_jpeg(pixels, quality=90)


def test_pixels_as_they_are(data: impasto.sources.Source, tmp_path: Path) -> None:
    done = pack(data, tmp_path, replace(SMALL, pixels_up_to=32))
    assert done.done["pixels"] == 5
    for row, sample in enumerate(impasto.sources.open(tmp_path)[n] for n in range(7)):
        assert (ops.decode(sample.image) == ops.decode(data[row].image)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("change", [{}, {"short_side": 40}, {"restart_rows": 1}, {"pixels_up_to": 500}], ids=str)
def test_orientation_is_never_lost(photographs: dict[str, Image], orientation: int, change: dict[str, int]) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    picture = PIL.Image.fromarray(photographs["chelsea"][:96, :160])
    picture.save(file, "JPEG", quality=95, exif=exif)
    with PIL.Image.open(file) as opened:
        upright = np.asarray(PIL.ImageOps.exif_transpose(opened)).astype(int)
    for choice in ("ignore", "apply"):
        packed = pack_image(file.getvalue(), PackSettings(exif=choice, **change))
        shown = ops.decode(packed.content, exif="apply")
        again = ops.resize(shown, upright.shape[:2]).astype(int)
        assert np.abs(again - upright).mean() < 6  # what a shrunk image loses, and far less than a turn
        if choice == "apply":
            assert ops.probe(packed.content).orientation == 1
        if not change and (choice == "ignore" or orientation == 1):
            assert packed.content == file.getvalue()


def test_workers_and_stops_change_no_byte(data: impasto.sources.Source, tmp_path: Path, contents: Contents) -> None:
    settings = replace(SMALL, short_side=30, restart_rows=1)
    pack(data, tmp_path / "one", settings)
    pack(data, tmp_path / "two", settings, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(data, tmp_path / "cut", settings, progress=interrupt)
    assert not (tmp_path / "cut" / "index.json").exists()
    assert [problem.kind for problem in verify(tmp_path / "cut").problems] == ["unfinished job"]
    assert pack(data, tmp_path / "cut", settings).done_before == 1
    assert contents(tmp_path / "one") == contents(tmp_path / "cut")


def test_another_job_is_refused(data: impasto.sources.Source, tmp_path: Path, contents: Contents) -> None:
    pack(data, tmp_path, SMALL)
    before = contents(tmp_path)
    with pytest.raises(impasto.RecipeError, match="short_side was None and is 20"):
        pack(data, tmp_path, replace(SMALL, short_side=20))
    with pytest.raises(impasto.RecipeError, match="rows was 7 and is 6"):
        pack(data[:6], tmp_path, SMALL)
    assert contents(tmp_path) == before


def test_bad_samples(broken: impasto.sources.Source, images: list[bytes], tmp_path: Path) -> None:
    with pytest.raises(impasto.TruncatedImageError, match="sample '1'"):
        pack(broken, tmp_path / "a", SMALL)
    done = pack(broken, tmp_path / "b", replace(SMALL, on_error="skip"))
    listed = [json.loads(line) for line in (tmp_path / "b" / "bad_samples.jsonl").read_text().splitlines()]
    assert [(entry["key"], entry["row"], entry["error"]) for entry in listed] == [("1", 1, "TruncatedImageError")]
    assert done.samples == 3 and list(_samples(tmp_path / "b")) == ["00000000", "00000002", "00000003"]
    pack(broken, tmp_path / "single", PackSettings(shard_size=1, on_error="skip"))
    assert verify(tmp_path / "single").ok  # one of its shards holds nothing
    with pytest.raises(impasto.SourceError, match="not one sample could be used; the first: "):
        pack(broken[1:2], tmp_path / "c", replace(SMALL, on_error="skip"))


def test_images_that_no_loader_would_take_are_bad_by_their_header(images: list[bytes], tmp_path: Path) -> None:
    size = struct.pack(">II", 60_000, 60_000)
    file = io.BytesIO()
    PIL.Image.new("L", (4, 3)).save(file, "PNG")
    png = file.getvalue().replace(struct.pack(">II", 4, 3), size)
    png = png[:29] + struct.pack(">I", zlib.crc32(png[12:29])) + png[33:]
    jpeg = bytearray(images[0])
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    data = impasto.sources.Sequence([(images[0], "good"), (png, "huge"), (bytes(jpeg), "huge")])
    for number, change in enumerate([{}, {"restart_rows": 1}, {"restart_mcus": 4}, {"pixels_up_to": 500}]):
        settings = PackSettings(**change)
        with pytest.raises(impasto.ImageTooLargeError, match=r"sample '1'.*60000x60000: 3600000000 pixels"):
            pack(data, tmp_path / f"raise{number}", settings)
        done = pack(data, tmp_path / f"skip{number}", replace(settings, on_error="skip"))
        assert (done.samples, [one["error"] for one in done.bad]) == (1, ["ImageTooLargeError"] * 2)
        assert verify(done.index).ok


def test_a_row_with_a_bad_caption_beside_others_is_packed(images: list[bytes], tmp_path: Path) -> None:
    """As a loader takes it; one without any that can be read is bad."""
    (tmp_path / "0.jpg").write_bytes(images[0])
    captions = [[None, "one", "two", "caf\udce9", "four"], [None, 5]]
    (tmp_path / "a.json").write_text(json.dumps([{"image": "0.jpg", "caption": some} for some in captions]))
    source = impasto.sources.AlbefCaptions(tmp_path / "a.json", images=tmp_path)
    recipe = impasto.Recipe(image=impasto.ImageRecipe(size=8), text=impasto.TextRecipe(tokenizer=None))
    (batch,) = impasto.Loader(source[:1], recipe, batch_size=1, workers=0)
    done = pack(source, tmp_path / "out", PackSettings(on_error="skip"))
    assert (done.samples, done.unused_captions, [one["row"] for one in done.bad]) == (1, 2, [1])
    packed = impasto.sources.open(tmp_path / "out")[0]
    assert list(packed.captions) == ["one", "two", "four"] and batch.captions[0] in packed.captions
    assert [reason[:9] for reason in packed.facts["json"]["unused_captions"]] == ["a caption", "the capti"]
    assert verify(done.index).ok


def test_jpegs_that_decoders_guess_at_are_left_as_they_are(images: list[bytes], tmp_path: Path) -> None:
    guessed = images[0][:-30] + b"\xff\xd9"
    done = pack(impasto.sources.Sequence([(guessed, "x")]), tmp_path, replace(SMALL, restart_rows=1))
    assert done.done["irregular"] == 1 and _samples(tmp_path)["00000000"]["jpg"] == guessed


@pytest.mark.parametrize(
    "wrong",
    [{"short_side": 0}, {"quality": 101}, {"restart_rows": 1, "restart_mcus": 1}, {"exif": "keep"}, {"prefix": "a.b"}],
    ids=str,
)
def test_settings_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(impasto.RecipeError):
        PackSettings(**wrong)


_SCRIPT = """\
import sys
from pathlib import Path
import impasto
from impasto.jobs import PackSettings, pack

if __name__ == "__main__":
    data = impasto.sources.open(sys.argv[1])
    done = pack(data, sys.argv[2], PackSettings(shard_size=2, short_side=20), workers=int(sys.argv[3]))
    print(done.done_before, done.samples)
"""


@pytest.mark.timeout(300)
def test_a_kill_at_any_moment_costs_no_byte(
    pairs: list[tuple[Path, list[str]]], tmp_path: Path, contents: Contents
) -> None:
    """Killed in the middle of a shard, three times, each further on."""
    (tmp_path / "script.py").write_text(_SCRIPT)
    folder, out = pairs[0][0].parent, tmp_path / "out"
    command = [sys.executable, str(tmp_path / "script.py"), str(folder), str(out), "0"]
    for begun in (1, 9, 20):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as process:
            while len(list(out.glob("*.tar*"))) < begun:
                assert process.poll() is None
                time.sleep(0.002)
            os.killpg(process.pid, signal.SIGKILL)
        for path in out.glob("*.tar"):  # whatever has its name is whole
            with tarfile.open(path) as tar:
                assert len({member.name.partition(".")[0] for member in tar}) == 2
    data, settings = impasto.sources.open(folder), PackSettings(shard_size=2, short_side=20)
    assert 0 < pack(data, out, settings).done_before < 30
    pack(data, tmp_path / "whole", settings)
    assert contents(out) == contents(tmp_path / "whole")
    assert verify(out).ok
