"""The comparison of loaders: files stored in several ways, somebody's own, and peers whose threads nobody chooses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest

from impasto import sources
from impasto.errors import RecipeError
from impasto_lab.bench import kernels, loader
from impasto_lab.bench.alone.sweep import run as sweep
from impasto_lab.bench.answers import Answers
from impasto_lab.bench.difference import Difference
from impasto_lab.bench.loader import run
from impasto_lab.bench.peers import roll, torchvision_io
from impasto_lab.bench.settings import LoaderTiming
from impasto_lab.bench.timing import Reopened, Row
from impasto_lab.cli import main

pytestmark = [
    pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # webdataset leaves its shards open
]
LITTLE = {"images": 8, "batch_size": 4, "sizes": ("160x120",), "rounds": 1, "peers": ("pillow",)}


def test_each_way_to_store_files_has_rows_and_ratios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page = tmp_path / "loader.json", tmp_path / "loader.html"
    little = ["--images", "8", "--batch-size", "4", "--sizes", "160x120", "--rounds", "1"]
    ways = ["--workers", "0", "--peers", "pillow", "--qualities", "40", "95", "--formats", "JPEG", "PNG"]
    assert main(["bench", "loader", *little, *ways, "--json", str(target), "--page", str(page)]) == 0
    assert "files" in capsys.readouterr().out and "quality 95" in page.read_text(encoding="utf-8")
    document = json.loads(target.read_text(encoding="utf-8"))
    all_of_them = ["JPEG of 160x120, quality 40", "JPEG of 160x120, quality 95", "PNG of 160x120"]
    assert [(row["name"], row["files"]) for row in document["rows"]] == [
        (name, how) for how in all_of_them for name in ("impasto", "pillow")
    ]
    rates = {(row["name"], row["files"]): row["images_per_second"] for row in document["rows"]}
    for how in all_of_them:
        ratio = rates["impasto", how] / rates["pillow", how]
        assert document["ratio_to"][f"pillow, {how}"] == pytest.approx(ratio, rel=1e-2)
    kilobytes = document["settings"]["kilobytes_per_image"]
    assert 0 < 4 * kilobytes[all_of_them[0]] < 2 * kilobytes[all_of_them[1]] < kilobytes[all_of_them[2]]
    assert document["answers"]["images"] == 24


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
    assert layers == [2, 1]
    assert {row.files for row in found.rows} == {"JPEG of 160x120, 4:2:0", "JPEG of 160x120, 4:4:4"}


def test_what_is_packed_is_the_same_to_everybody(tmp_path: Path) -> None:
    """Ours reads shards, the others files of what is in them, which is smaller where the photographs are not."""
    given = LITTLE | {"sizes": ("32x32", "400x300"), "formats": ("PNG",), "workers": (0,), "packed": True}
    found = run(LoaderTiming(**given), folder=tmp_path)
    ways = [f"PNG of {size}{more}" for size in ("32x32", "400x300") for more in ("", ", packed")]
    assert [row.files for row in found.rows if row.name == "impasto"] == ways
    kilobytes = found.settings["kilobytes_per_image"]
    assert kilobytes[ways[1]] == kilobytes[ways[0]] and 3 * kilobytes[ways[3]] < kilobytes[ways[2]]
    (small,), (large,) = (list(tmp_path.glob(f"{number}-packed/files/000000.*")) for number in (0, 1))
    with PIL.Image.open(large) as image:
        assert (small.suffix, large.suffix, image.format, image.size) == (".png", ".jpg", "JPEG", (341, 256))
    shards = [row.loader for row in found.rows if row.name == "impasto" and row.files.endswith("packed")]
    assert all("shards" in repr(loader.dataset.data) for loader in shards)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Two classes, seven photographs, one of them a PNG, and something that is none."""
    folder = tmp_path / "own"
    for number, image in enumerate([*kernels.encoded("JPEG", (80, 60), 6), *kernels.encoded("PNG", (80, 60), 1)]):
        name = folder / "ab"[number % 2] / f"{number}.{'jpg' if number < 6 else 'png'}"
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_bytes(image)
    (folder / "b" / "9.jpg").write_bytes(b"no image")
    return folder


def test_peers_run_on_own_data(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that take it; readers too, for which it is written anew."""
    target = tmp_path / "loader.json"
    peers = [name for name in ("pillow", "webdataset", "datasets") if roll.called((name,))[0]]
    asked = ["--data", str(own), "--peers", *peers, "--images", "8", "--batch-size", "3", "--rounds", "1", "--quick"]
    assert main(["bench", "loader", *asked, "--packed", "--json", str(target)]) == 0
    assert "2 classes, 8 rows): 1 broken" in capsys.readouterr().out
    document = json.loads(target.read_text(encoding="utf-8"))
    assert [(row["name"], row["files"]) for row in document["rows"]] == [
        (name, how) for how in ("as they are", "packed") for name in ("impasto", *peers)
    ]
    assert document["left_out"] == {"broken": 1} and document["answers"]["images"] == 12
    assert document["settings"]["images"] == 6 and "sizes" not in document["settings"]


def test_a_peer_that_own_data_are_not_for_is_named(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is known to decode less, fails, or gives something else; of nobody there is no comparison."""
    monkeypatch.setattr(roll, "FORMATS", {"pillow": frozenset({"JPEG"})})
    timing = LoaderTiming(**LITTLE | {"peers": ("pillow", "torchvision.io"), "batch_size": 7, "workers": (0,)})
    found = run(timing, data=sources.open(own))
    assert [row.name for row in found.rows] == ["impasto", "torchvision.io"]
    assert found.absent == {"pillow, PNG": "it doesn't decode that"}
    reads = found.answers.apart["torchvision.io"].mean

    def open_loader(*_: object, **__: object) -> list[object]:
        raise OSError("no such thing\nas this")

    monkeypatch.setattr(torchvision_io, "TOLERANCE", {"bilinear": {"mean": reads - 1}})
    with pytest.raises(RecipeError, match=r"no peer takes the images of .*torchvision.io: in levels of 255, "):
        run(timing, data=sources.open(own))
    monkeypatch.setattr(torchvision_io, "open_loader", open_loader)
    with pytest.raises(RecipeError, match=r"torchvision.io: OSError: no such thing$"):
        run(timing, data=sources.open(own))
    with pytest.raises(RecipeError, match="fewer than a batch of 9"):
        run(replace(timing, images=9, batch_size=9), data=sources.open(own))


@pytest.mark.parametrize("flags", [["--sizes", "96x96"], ["--sweep"], ["--batches", "3"], ["--samplings", "4:4:4"]])
def test_what_own_data_leave_out_is_refused(own: Path, capsys: pytest.CaptureFixture[str], flags: list[str]) -> None:
    for peers in ([], ["--peers", "pillow"]) if flags != ["--batches", "3"] else (["--peers", "pillow"],):
        assert main(["bench", "loader", "--quick", "--data", str(own), *peers, *flags]) == 1
        assert f"{flags[0]}: " in capsys.readouterr().err


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
    wrong = ({"qualities": (96,)}, {"qualities": ()}, {"samplings": ("4:1:1",)}, {"samplings": ()}, {"sizes": ("96",)})
    wrong += ({"sizes": ()}, {"formats": ("GIF",)}, {"formats": ()})
    for given in wrong:
        with pytest.raises(RecipeError, match=next(iter(given))):
            LoaderTiming(**given)
    for several in ({"qualities": (75, 90)}, {"sizes": ("96x96", "640x480")}, {"packed": True}):
        with pytest.raises(RecipeError, match=f"{next(iter(several))}: a sweep is of one of each"):
            sweep(LoaderTiming(**several))
