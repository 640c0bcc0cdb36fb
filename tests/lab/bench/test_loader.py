"""The comparison of loaders: files stored in several ways, and peers whose threads nobody chooses."""

from __future__ import annotations

import json
from pathlib import Path

import PIL.Image
import pytest

from impasto.errors import RecipeError
from impasto_lab.bench import loader
from impasto_lab.bench.alone.sweep import run as sweep
from impasto_lab.bench.answers import Answers
from impasto_lab.bench.difference import Difference
from impasto_lab.bench.loader import run
from impasto_lab.bench.peers import roll
from impasto_lab.bench.settings import LoaderTiming
from impasto_lab.bench.timing import Reopened, Row
from impasto_lab.cli import main

LITTLE = {"images": 8, "batch_size": 4, "width": 160, "height": 120, "rounds": 1, "peers": ("pillow",)}


def test_each_way_to_store_files_has_rows_and_ratios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page = tmp_path / "loader.json", tmp_path / "loader.html"
    little = ["--images", "8", "--batch-size", "4", "--width", "160", "--height", "120", "--rounds", "1"]
    ways = ["--workers", "0", "--peers", "pillow", "--qualities", "40", "95", "--samplings", "4:4:4"]
    assert main(["bench", "loader", *little, *ways, "--json", str(target), "--page", str(page)]) == 0
    assert "files" in capsys.readouterr().out and "quality 95, 4:4:4" in page.read_text(encoding="utf-8")
    document = json.loads(target.read_text(encoding="utf-8"))
    both = ["quality 40, 4:4:4", "quality 95, 4:4:4"]
    assert [(row["name"], row["files"]) for row in document["rows"]] == [
        (name, how) for how in both for name in ("impasto", "pillow")
    ]
    rates = {(row["name"], row["files"]): row["images_per_second"] for row in document["rows"]}
    for how in both:
        ratio = rates["impasto", how] / rates["pillow", how]
        assert document["ratio_to"][f"pillow, {how}"] == pytest.approx(ratio, rel=1e-2)
    kilobytes = document["settings"]["kilobytes_per_image"]
    assert 0 < 2 * kilobytes[both[0]] < kilobytes[both[1]]
    assert document["answers"]["images"] == 16


def test_workers_of_many_rows_are_there_in_their_turns_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come of peers, of ways to store files, or of numbers of workers."""
    asked: list[list[Row]] = []

    def note(rows: list[Row], **_: object) -> None:
        asked.append(rows)
        for row in rows:
            row.rounds.append(1.0)

    monkeypatch.setattr(loader, "take_turns", note)
    for qualities in ((90,), tuple(range(81, 86))):
        run(LoaderTiming(**LITTLE, qualities=qualities, workers=(0, 1)))
    for rows, reopened in zip(asked, (False, True), strict=True):
        assert {isinstance(row.loader, Reopened) for row in rows if row.name == "pillow" and row.workers} == {reopened}
        assert not any(isinstance(row.loader, Reopened) for row in rows if not row.workers)


def test_files_are_stored_as_they_were_asked_for(tmp_path: Path) -> None:
    found = run(LoaderTiming(**LITTLE, samplings=("4:2:0", "4:4:4"), workers=(0,)), folder=tmp_path)
    stored = sorted(tmp_path.glob("*/000000.jpg"))
    layers = []
    for path in stored:
        with PIL.Image.open(path) as image:
            layers.append(image.layer[0][1])  # type: ignore[attr-defined]
    assert [path.parent.name for path in stored] == ["90-420", "90-444"] and layers == [2, 1]
    assert {row.files for row in found.rows} == {"quality 90, 4:2:0", "quality 90, 4:4:4"}


def test_a_peer_whose_threads_nobody_chooses_has_no_rows_with_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll, "OWN_THREADS", frozenset({"pillow"}))
    found = run(LoaderTiming(**LITTLE, workers=(0, 1)))
    assert [(row.name, row.workers) for row in found.rows if row.name == "pillow"] == [("pillow", 0)]
    assert found.absent == {"pillow, with workers": "its threads are as many as it chooses"}
    assert found.ratios.keys() == {"pillow"} and not any("files" in row.as_dict() for row in found.rows)
    assert set(roll.OWN_THREADS) <= set(roll.MODULES)


def test_of_several_comparisons_the_worst_is_told() -> None:
    one = Answers(4, {"a": Difference(1.0, 0.1, 0.9)}, 50.0, 45.0)
    other = Answers(6, {"a": Difference(0.5, 0.2, 0.8)}, 40.0, 40.0)
    assert Answers.worst([one, other]) == Answers(10, {"a": Difference(1.0, 0.2, 0.9)}, 45.0, 40.0)
    assert Answers.worst([one]) == one


def test_what_makes_no_sense() -> None:
    wrong = ({"qualities": (96,)}, {"qualities": ()}, {"samplings": ("4:1:1",)}, {"samplings": ()})
    for given in wrong:
        with pytest.raises(RecipeError, match=next(iter(given))):
            LoaderTiming(**given)
    with pytest.raises(RecipeError, match="a sweep is of one of each"):
        sweep(LoaderTiming(qualities=(75, 90)))
