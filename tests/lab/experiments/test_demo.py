"""The demonstration from end to end, in its quick form."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

import impasto
from impasto_lab.experiments.demo import Demo, DemoResult, run
from impasto_lab.experiments.demo.data import SCENES, SEEN, UNSEEN, DemoData, FormatsDifferError, compare_formats
from impasto_lab.experiments.demo.running import RECIPE
from impasto_lab.training import Checkpoints, read_metrics
from impasto_lab.worlds import World
from impasto_lab.worlds.photographs import catalogue

TIMING = {
    "rows": [
        {"name": "impasto", "title": "impasto", "workers": 0, "images_per_second": 700.0},
        {"name": "pillow", "title": "Pillow & co", "workers": 0, "images_per_second": 100.0},
    ],
    "ratio_to": {"pillow": 7.0},
    "ratios": {"pillow": {"0": 7.0}},
}


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.bars: dict[str, tuple[int, int]] = {}

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def bar(self, what: str) -> Iterator[Any]:
        yield lambda done, total: self.bars.update({what: (done, total)})

    def table(self, title: str, headings: Any, rows: Any) -> None:
        assert all(len(row) == len(headings) for row in rows)
        self.tables.append(rows)


class Page(HTMLParser):
    """Images, and the text by the class of the element around it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[str] = []
        self.classes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.classes.append(found.get("class") or "")
        if tag == "img":
            self.images.append(found["src"] or "")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoResult, Listener]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    listener = Listener()
    out = tmp_path_factory.mktemp("demo") / "out"
    result = run(out, Demo.quick(), device="cpu", time_loaders=lambda: TIMING, narrator=listener)
    torch.set_num_threads(threads)
    return result, listener


def test_all_of_it_is_told_and_written(demo: tuple[DemoResult, Listener]) -> None:
    result, listener = demo
    assert "the same, byte for byte" in listener.lines[1]
    assert listener.lines[-1] == f"see {result.report}"
    assert all(done == total > 0 for done, total in listener.bars.values())
    assert len(listener.bars) == 2
    assert [row[0].strip() for row in listener.tables[0][::2]] == [UNSEEN, SEEN, SCENES]
    assert {row[0].strip() for row in listener.tables[0][1::2]} == {"by chance"}
    run_folder = result.report.parent / "run"
    assert read_metrics(run_folder / "metrics.jsonl")[-1]["step"] == 30
    assert Checkpoints(run_folder / "checkpoints").latest() is not None
    assert json.loads(json.dumps(result.as_dict()))["timing"]["ratio_to"] == {"pillow": 7.0}


def test_it_learns_something(demo: tuple[DemoResult, Listener]) -> None:
    result, _ = demo
    assert result.training["last_loss"] < result.training["first_loss"]
    seen = next(part for part in result.scores if part.name == SEEN)
    assert seen.ours["rsum"] > 1.5 * seen.chance["rsum"]


def test_what_is_said_of_a_score_is_so(demo: tuple[DemoResult, Listener]) -> None:
    """The rows that a score names are those of photographs that were held out, or were not."""
    result, _ = demo
    world = World(result.report.parent / "data")
    facts = [json.loads(line) for line in world.facts("test").read_text().splitlines()]
    held_out = {photograph.name for photograph in catalogue() if photograph.held_out}
    kinds = {SEEN: 0, UNSEEN: 0, SCENES: 0}
    for one in facts:
        kinds[SCENES if "photograph" not in one else UNSEEN if one["photograph"] in held_out else SEEN] += 1
    assert {part.name: part.images for part in result.scores} == kinds
    assert all(name in result.report.read_text() for name in held_out)


def test_the_report_shows_it(demo: tuple[DemoResult, Listener]) -> None:
    result, _ = demo
    text = result.report.read_text()
    page = Page(text)
    assert page.classes.count("mix") == 6, "a quarter of a batch of 24"
    assert all(re.match(r"data:image/(jpeg|png);base64,", source) for source in page.images)
    assert page.classes.count("mixed") == 6
    assert len(page.images) == 12 + 6 * 3 + 15 + 2 + 9 * 5 + 9
    photograph, *strengths = page.images[30:36]
    assert strengths[0] == photograph, "strength 0 is the image"
    assert len({*strengths}) == 5
    assert page.classes.count("chip frame") == 2 * 6
    assert "Pillow &amp; co" in text
    assert "7.0×" in text
    assert "http" not in text.replace("http-equiv", "")
    assert result.report.stat().st_size < 5_000_000


@pytest.mark.slow
def test_the_same_seed_writes_the_same_data_and_model(demo: tuple[DemoResult, Listener], tmp_path: Path) -> None:
    result, _ = demo
    torch.set_num_threads(1)
    again = run(tmp_path / "again", Demo.quick(), device="cpu")
    assert again.scores == result.scores
    assert again.training["last_loss"] == result.training["last_loss"]
    assert "Speed" not in again.report.read_text()


def test_a_format_that_differs_is_noticed(demo: tuple[DemoResult, Listener], tmp_path: Path) -> None:
    result, _ = demo
    shutil.copytree(result.report.parent / "data", tmp_path / "data")
    data = DemoData(World(tmp_path / "data"), 0, 0, {})
    compare_formats(data, RECIPE, batch_size=16, batches=1, seed=0)
    path = data.world.annotations("train")
    document = json.loads(path.read_text())
    document["annotations"][0]["caption"] = "something else"
    path.write_text(json.dumps(document))
    with pytest.raises(FormatsDifferError, match="another key or caption"):
        compare_formats(data, RECIPE, batch_size=16, batches=1, seed=0)
    assert issubclass(FormatsDifferError, impasto.ImpastoError)
