"""Which rows are kept: the same whatever the workers, interruptions and order; nothing is deleted."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto._core import IndexBuilder
from impasto.jobs import CleanReport, CleanSettings, clean
from impasto.jobs.cleaning import cleaning

Rows = dict[str, tuple[bytes, list[str]]]

EXPECTED = {
    "the same file": {"duplicate image"},
    "recompressed": {"near duplicate"},
    "smaller": {"near duplicate"},
    "cropped": {"near duplicate"},
    "mirrored": {"near duplicate"},
    "tiny": {"tiny image"},
    "long": {"extreme aspect"},
    "white": {"near-blank image"},
    "snow": {"noisy image"},
    "torn": {"truncated image"},
    "html": {"undecodable image"},
    "silent": {"empty caption"},
    "named": {"boilerplate caption"},
    "mute": {"no caption"},
}


@pytest.fixture(scope="module")
def folder(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures as files, listed in two orders."""
    folder = tmp_path_factory.mktemp("rows")
    entries = []
    for name, (content, captions) in rows.items():
        (folder / f"{name}.jpg").write_bytes(content)
        entries.append({"image": f"{name}.jpg", "caption": captions})
    (folder / "list.json").write_text(json.dumps(entries))
    (folder / "turned.json").write_text(json.dumps(entries[::-1]))
    return folder


def _open(folder: Path, name: str = "list.json") -> impasto.sources.Source:
    return impasto.sources.AlbefCaptions(folder / name, images=folder)


def _flags(report: CleanReport) -> dict[str, set[str]]:
    return {Path(one.key).stem: set(one.flags) for one in report.left_out}


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out") / "cleaned"


@pytest.fixture(scope="module")
def report(folder: Path, out: Path) -> CleanReport:
    return clean(_open(folder), out)


def test_what_is_found(folder: Path, out: Path, report: CleanReport) -> None:
    assert _flags(report) == EXPECTED
    duplicates = [one for one in report.left_out if one.of is not None]
    assert {Path(str(one.of)).stem for one in duplicates} == {"good"} and len(duplicates) == 5
    assert (report.rows, report.kept, report.images) == (17, 3, 17)
    kept = impasto.sources.keep(_open(folder), out / "keep.jsonl")
    assert [Path(key).stem for key in kept.keys] == ["good", "good too", "longer"]
    assert json.loads((out / "report.json").read_text()) == json.loads(json.dumps(report.as_dict()))
    lines = [json.loads(line) for line in (out / "left_out.jsonl").read_text().splitlines()]
    assert [line["flags"] for line in lines] == [one.flags for one in report.left_out]
    assert {flag.kind: flag.count for flag in report.flags}["near duplicate"] == 4


def test_neither_workers_nor_order_nor_pieces_change_it(
    folder: Path, out: Path, report: CleanReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "_ROWS", 4)
    for name, workers in (("list.json", 2), ("turned.json", 0)):
        other = clean(_open(folder, name), tmp_path / name, workers=workers, page=False)
        assert {one.key: (one.flags, one.of) for one in other.left_out} == {
            one.key: (one.flags, one.of) for one in report.left_out
        }
        names = sorted((tmp_path / name / "keep.jsonl").read_text().splitlines())
        assert names == sorted((out / "keep.jsonl").read_text().splitlines())


def test_it_goes_on_and_judges_anew_without_looking_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "_ROWS", 4)
    source, rows = _open(folder), 17

    def interrupt(done: int, total: int) -> None:
        if done > rows + 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="2 of 5 pieces are kept"):
        clean(source, tmp_path, progress=interrupt, page=False)
    assert not (tmp_path / "keep.jsonl").exists()
    written = (tmp_path / "pictures-00000.npz").stat().st_mtime_ns
    seen: list[tuple[int, int]] = []
    assert _flags(clean(source, tmp_path, page=False, progress=lambda *at: seen.append(at))) == EXPECTED
    assert seen == [(17, 34), (29, 34), (33, 34), (34, 34)]
    assert (tmp_path / "pictures-00000.npz").stat().st_mtime_ns == written

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it looks again")

    monkeypatch.setattr("impasto.jobs.cleaning.measuring.look_at_image", refuse)
    ignore = ("near duplicate", "duplicate image", "noisy image")
    strict = CleanSettings(min_side=121, mirrored=False, ignore=ignore, max_noise=0.9)
    again = clean(source, tmp_path, strict, page=False)
    flags = _flags(again)
    assert "mirrored" not in flags and flags["smaller"] == {"tiny image"} and flags["snow"] >= {"noisy image"}
    assert {Path(one.key).stem for one in again.left_out if one.kept} == {"the same file", "recompressed", "cropped"}
    kept = impasto.sources.keep(source, tmp_path / "keep.jsonl")
    assert len(kept) == again.kept == again.rows - sum(not one.kept for one in again.left_out)
    with pytest.raises(impasto.RecipeError, match="another job"):
        clean(source[:5], tmp_path, page=False)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", None])
def test_measures_that_are_damaged_are_named(
    content: bytes | None, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "_ROWS", 4)
    source = _open(folder)[:8]
    clean(source, tmp_path, page=False)
    first = tmp_path / "pictures-00000.npz"
    first.write_bytes((tmp_path / "pictures-00001.npz").read_bytes() if content is None else content)
    with pytest.raises(impasto.SourceError, match=r"the report can't be used: .*; remove this file") as caught:
        clean(source, tmp_path, page=False)
    Path(str(caught.value.path)).unlink()
    assert len(clean(source, tmp_path, page=False).left_out) == 6


def test_rows_that_share_a_picture(rows: Rows, tmp_path: Path) -> None:
    """It is looked at once; each row's captions are its own; a picture stays while a row of it does."""
    for name in ("good", "recompressed", "snow"):
        (tmp_path / f"{name}.jpg").write_bytes(rows[name][0])
    lines = [
        "good.jpg,image",
        "good.jpg,a suit",
        "good.jpg,a suit",
        "recompressed.jpg,blue",
        "snow.jpg,x",
        "snow.jpg,y",
    ]
    (tmp_path / "table.csv").write_text("\n".join(["filepath,title", *lines]))
    source = impasto.sources.CsvCaptions(tmp_path / "table.csv", images=tmp_path, sep=",")
    report = clean(source, tmp_path / "out")
    assert {one.row: set(one.flags) for one in report.left_out} == {
        0: {"boilerplate caption"},
        2: {"duplicate row"},
        3: {"near duplicate"},
        4: {"noisy image"},
        5: {"noisy image"},
    }
    assert report.images == 3 and report.left_out[2].of_row == 1
    kept = impasto.sources.keep(source, tmp_path / "out" / "keep.jsonl")
    assert [kept[row].captions for row in range(len(kept))] == [("a suit",)]


def test_a_bad_row_hides_no_picture_from_others(rows: Rows, tmp_path: Path) -> None:
    """Of two rows of one file the first has a bad label: the file is looked at for the second."""
    (tmp_path / "snow.png").write_bytes(rows["snow"][0])
    builder = IndexBuilder(str(tmp_path))
    builder.add_file("first", "snow.png", ["x"], impasto.SourceError("a label that is none"))
    builder.add_file("second", "snow.png", ["y"])
    report = clean(impasto.sources.IndexedSource(builder.finish(), "two rows"), tmp_path / "out", page=False)
    assert [set(one.flags) for one in report.left_out] == [{"bad label"}, {"noisy image"}]


def test_pictures_of_a_few_pixels_are_measured(encode: Callable[..., bytes], tmp_path: Path) -> None:
    few = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 3), np.uint8)
    source = impasto.sources.Sequence([(encode(pixels, "PNG"), "x") for pixels in few])
    assert clean(source, tmp_path, CleanSettings(min_side=0), page=False).kept == 2


def test_what_goes_for_its_caption_keeps_no_other_out(rows: Rows, tmp_path: Path) -> None:
    source = impasto.sources.Sequence([(rows["good"][0], "IMG_1.jpg"), (rows["recompressed"][0], "an astronaut")])
    report = clean(source, tmp_path, page=False)
    assert [(one.row, set(one.flags)) for one in report.left_out] == [(0, {"boilerplate caption"})]


def test_samples_of_one_name_in_a_shard_are_two_pictures(rows: Rows, tmp_path: Path) -> None:
    for number, name in enumerate(("good", "good too")):
        (tmp_path / "shards").mkdir(exist_ok=True)
        with tarfile.open(tmp_path / "shards" / f"{number}.tar", "w") as tar:
            for ending, content in (("jpg", rows[name][0]), ("txt", name.encode())):
                member = tarfile.TarInfo(f"1.{ending}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    source = impasto.sources.open(tmp_path / "shards")
    assert clean(source, tmp_path / "out", page=False).kept == 2
    assert clean(source[[0, 0, 1]], tmp_path / "twice", page=False).kept == 2


def test_pictures_without_captions_lack_nothing(rows: Rows, tmp_path: Path) -> None:
    for name in ("good", "good too", "white"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.jpg").write_bytes(rows[name][0])
    report = clean(impasto.sources.ImageFolder(tmp_path / "data"), tmp_path / "out", page=False)
    assert [set(one.flags) for one in report.left_out] == [{"near-blank image"}]
    source = impasto.sources.Sequence([(rows["good"][0], []), (rows["snow"][0], [])])
    assert [set(one.flags) for one in clean(source, tmp_path / "bare").left_out] == [{"noisy image"}]


def test_repeated_captions(rows: Rows, tmp_path: Path) -> None:
    names = ("good", "good too", "longer")
    source = impasto.sources.Sequence([(rows[name][0], ["Our shop"]) for name in names])
    report = clean(source, tmp_path, CleanSettings(repeats=2), page=False)
    assert [one.flags for one in report.left_out] == [{"repeated caption": "its captions are those of 3 pictures"}] * 3
    assert clean(source, tmp_path, CleanSettings(repeats=3), page=False).kept == 3
    assert clean(source, tmp_path, CleanSettings(repeats=0), page=False).kept == 3


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.sources += [str(found["src"])] if "src" in found else []
        self.links += [str(found["href"])] if "href" in found else []
        self.ids |= {str(found["id"])} if "id" in found else set()


def test_the_page_stands_alone(out: Path, report: CleanReport) -> None:
    text = (out / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert len(page.sources) == 13 + 5  # every one but html, and those that stay beside their duplicates
    assert {link.removeprefix("#") for link in page.links} == page.ids and len(page.ids) == len(report.flags)
    assert not re.search(r"(src|href)=.https?:|url\(|@import|<script", text)
    assert 'name="viewport"' in text and "half a rocket" in text
    assert ">1 row<" in text and ">4 rows; on the left" in text


def test_a_page_escapes_what_it_is_given(rows: Rows, tmp_path: Path) -> None:
    clean(impasto.sources.Sequence([(rows["white"][0], "<script>alert(1)</script>")]), tmp_path)
    assert "<script" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_what_makes_no_sense() -> None:
    for wrong in (
        {"min_side": -1},
        {"max_aspect": 0.5},
        {"min_contrast": 200},
        {"max_noise": 1.5},
        {"distance": 12},
        {"min_likeness": -0.1},
        {"repeats": 1.5},
        {"mirrored": 1},
        {"boilerplate": "image"},
        {"ignore": ("noisy",)},
    ):
        with pytest.raises(impasto.RecipeError, match=next(iter(wrong))):
            CleanSettings(**wrong)


def test_nothing_at_all(rows: Rows, tmp_path: Path) -> None:
    report = clean(impasto.sources.Sequence([rows["good"]])[:0], tmp_path)
    assert (report.rows, report.kept, list(report.flags)) == (0, 0, [])
