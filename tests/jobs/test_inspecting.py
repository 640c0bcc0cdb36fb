"""A data set's report: the same from any number of workers, in memory or resumed in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto.jobs import Report, inspect
from impasto.jobs.inspection import inspecting


@pytest.fixture(scope="module")
def flawed(images: list[bytes], encode: Callable[..., bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COCO file of seven good images and captions, and of most that can be wrong."""
    folder = tmp_path_factory.mktemp("flawed")
    contents = [*images, images[0][:300], b"\x89PNG, but not really", b"<html>"]
    for number, content in enumerate(contents):
        (folder / f"{number}.jpg").write_bytes(content)
    (folder / "gray.jpg").write_bytes(encode(np.zeros((10, 20), np.uint8)))
    names = [*(f"{number}.jpg" for number in range(len(contents))), "gray.jpg", "gone.jpg"]
    document = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
        "annotations": [
            {"id": number, "image_id": number, "caption": "a " * (100 if number == 1 else 3)}
            for number in range(len(names))
        ],
    }
    (folder / "captions.json").write_text(json.dumps(document))
    return folder / "captions.json"


def _source(path: Path) -> impasto.sources.CocoCaptions:
    return impasto.sources.CocoCaptions(path, images=path.parent)


@pytest.fixture(scope="module")
def report(flawed: Path) -> Report:
    return inspect(_source(flawed))


def test_what_is_found(report: Report) -> None:
    problems = {problem.kind: [example["key"] for example in problem.examples] for problem in report.problems}
    assert problems.pop("missing image") == ["11"]
    assert problems.pop("truncated image") == ["7"]
    damaged = [*problems.pop("undecodable image", []), *problems.pop("unsupported image", [])]
    assert sorted(damaged) == ["8", "9"]
    assert problems == {"cut caption": ["1"]}
    assert not report.ok
    assert (report.rows, report.images, report.captions["total"]) == (12, 12, 12)
    assert report.headers["formats"] == {"jpeg": 7, "png": 1}
    assert report.headers["channels"] == {"1": 1, "3": 7}
    assert report.headers["height"] == {"min": 10, "median": 28, "max": 40}


def test_pieces_and_workers_change_nothing(
    flawed: Path, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "_ROWS", 5)
    seen: list[tuple[int, int]] = []
    assert inspect(_source(flawed), workers=2, progress=lambda *at: seen.append(at)) == report
    assert seen[0] == (12, 24) and seen[-1] == (24, 24)
    assert inspect(_source(flawed), out=tmp_path / "out") == report


def test_it_goes_on_in_its_folder(
    flawed: Path, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "_ROWS", 5)

    def interrupt(done: int, total: int) -> None:
        if done > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspect(_source(flawed), out=tmp_path, progress=interrupt)
    first = tmp_path / "images-00000.json"
    written = first.stat().st_mtime_ns
    assert not (tmp_path / "images-00001.json").exists()
    seen: list[tuple[int, int]] = []
    assert inspect(_source(flawed), out=tmp_path, progress=lambda *at: seen.append(at)) == report
    assert seen == [(12, 24), (22, 24), (24, 24)]
    assert first.stat().st_mtime_ns == written
    with pytest.raises(impasto.RecipeError, match="another job: sample was 1000 and is None"):
        inspect(_source(flawed), out=tmp_path, sample=None)
    for content in ('{"headers": [[1]], "faults": []}', '{"headers": [], "faults": [[9, "missing image", ""]]}', "{"):
        first.write_text(content)
        with pytest.raises(impasto.SourceError, match=r"the report can't be used: .*; remove this file") as caught:
            inspect(_source(flawed), out=tmp_path)
        assert caught.value.path == str(first)


def test_a_sample_is_always_the_same(flawed: Path) -> None:
    few = [inspect(_source(flawed), sample=4) for _ in range(2)]
    assert few[0] == few[1]
    assert few[0].headers["checked"] <= 4
    assert {problem.kind for problem in few[0].problems} >= {"missing image"}
