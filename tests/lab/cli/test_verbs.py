"""Each verb run for real, on little."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from impasto_lab.cli import main
from impasto_lab.experiments.demo import Demo, DemoResult
from impasto_lab.worlds.mug import render_mug
from impasto_lab.worlds.scenes.world import SIZES

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding and encoding:DeprecationWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("worlds") / "scenes"
    assert main(["world", "scenes", str(out), "--seed", "3"]) == 0
    return out


def test_world_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "scenes", str(tmp_path / "scenes"), "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert sum(document["images"].values()) == 200
    assert Path(document["paths"]["karpathy"]).exists()
    assert Path(document["paths"]["annotations"]["val"]).exists()


def test_world_has_the_sizes_that_the_command_line_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["world", "scenes", "--help"])
    assert f"{{{','.join(SIZES)}}}" in capsys.readouterr().out


def test_world_renders_a_mug(tmp_path: Path) -> None:
    assert main(["world", "mug", str(tmp_path / "mug.png"), "--size", "32", "--seed", "2"]) == 0
    with PIL.Image.open(tmp_path / "mug.png") as image:
        assert np.array_equal(np.asarray(image), render_mug(32, 2))
    assert main(["world", "mug", str(tmp_path / "mug.bmp")]) == 1


def test_world_renders_styles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "styles"
    assert main(["world", "styles", str(out), "--count", "6", "--size", "32", "--seed", "2", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["images"] == sum(document["families"].values()) == len(list(out.glob("*/*.png"))) == 6
    assert document["paths"]["folder"] == str(out)
    assert main(["info", str(out)]) == 0
    assert "6 classes" in capsys.readouterr().out


def test_info_on_a_world(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    annotations = world / "annotations" / "captions_train.json"
    assert main(["info", str(annotations), "--images", str(world / "images"), "--all", "--json", str(report)]) == 0
    assert "nothing would go wrong" in capsys.readouterr().out
    document = json.loads(report.read_text(encoding="utf-8"))
    assert document["rows"] == 160
    assert document["problems"] == []


def test_info_finds_what_would_go_wrong(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annotations = world / "annotations" / "captions_val.json"
    document = json.loads(annotations.read_text(encoding="utf-8"))
    document["images"][0]["file_name"] = "gone.jpg"
    broken = tmp_path / "captions.json"
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert main(["info", str(broken), "--images", str(world / "images")]) == 1
    assert "gone.jpg" in capsys.readouterr().out


def test_info_on_what_does_not_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(tmp_path / "missing.json"), "--json", "-"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)
    assert "missing.json" in captured.err


def test_bench_loader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page, plot = tmp_path / "loader.json", tmp_path / "loader.html", tmp_path / "loader.png"
    arguments = ["--images", "16", "--batch-size", "8", "--rounds", "1", "--workers", "0", "1", "--json", str(target)]
    small = ["--sizes", "160x120", "--page", str(page), "--plot", str(plot)]
    peers = ["--peers", "pillow", "torchvision.io", "ffcv"]
    assert main(["bench", "loader", *arguments, *small, *peers]) == 0
    told = capsys.readouterr().out
    assert "as fast" in told and "load average before" in told and "absent: ffcv: no wheel" in told
    document = json.loads(target.read_text(encoding="utf-8"))
    rates = {(row["name"], row["workers"]): row["images_per_second"] for row in document["rows"]}
    assert set(rates) == {(name, workers) for name in ("impasto", "pillow", "torchvision.io") for workers in (0, 1)} | {
        ("impasto, processes", 1)
    }
    for peer, ratio in document["ratio_to"].items():
        assert ratio == pytest.approx(rates["impasto", 0] / rates[peer, 0], rel=1e-2)
    assert set(document["ratio_to"]) == {"pillow", "torchvision.io"} and set(document["absent"]) == {"ffcv"}
    assert all(row["version"] for row in document["rows"])
    assert "absent: ffcv" in page.read_text(encoding="utf-8") and plot.stat().st_size > 1000
    assert {"machine", "versions", "command", "seed"} <= set(document)


def test_bench_loader_on_own_data(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, plot, page = tmp_path / "own.json", tmp_path / "where.png", tmp_path / "where.html"
    annotations = world / "annotations" / "captions_train.json"
    arguments = ["--batch-size", "8", "--batches", "6", "--workers", "1", "--json", str(target), "--plot", str(plot)]
    assert main(["bench", "loader", "--data", str(annotations), "--page", str(page), *arguments]) == 0
    told = " ".join(capsys.readouterr().out.split())
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["stats"]["advice"] in told and "decode" in told
    assert f"load average before: {document['load_average']}" in told
    assert "decode" in page.read_text(encoding="utf-8") and document["seed"] == 0
    stats = document["stats"]
    assert (stats["batches"], stats["samples"]) == (6, 48) and sum(stats["shares"].values()) == pytest.approx(1)
    assert document["stored_smaller"] is None  # nothing is larger
    assert main(["bench", "loader", "--data", str(annotations), "--quick", "--json", str(target)]) == 0
    quickly = json.loads(target.read_text(encoding="utf-8"))["settings"]
    assert (quickly["batches"], quickly["batch_size"], quickly["workers"]) == (5, 32, 0)
    with PIL.Image.open(plot) as image:
        assert image.format == "PNG"


def test_bench_scale(tmp_path: Path) -> None:
    target = tmp_path / "scale.json"
    sizes = ["--samples", "300", "900", "--workers", "0", "--ranks", "1", "2", "--batch-size", "60"]
    assert main(["bench", "scale", "--quick", *sizes, "--json", str(target)]) == 0
    document = json.loads(target.read_text(encoding="utf-8"))
    rows = [(row["kind"], row["count"]) for row in document["rows"]]
    assert rows == [("samples", 300), ("samples", 900), ("workers", 0), ("ranks", 1), ("ranks", 2)]
    assert all(row["samples_per_second"] > 0 for row in document["rows"])
    assert [one["samples"] for one in document["start"]] == [300, 900]
    assert document["resume"]["samples"] == 10_000_000 and document["resume"]["step"] > 80_000


def test_bench_style(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page, plot = tmp_path / "style.json", tmp_path / "style.html", tmp_path / "style.png"
    own = ["--data", str(world / "annotations" / "captions_val.json"), "--images-of", str(world / "images")]
    shown = ["--json", str(target), "--page", str(page), "--plot", str(plot)]
    assert main(["bench", "style", "--quick", "--rounds", "1", *own, *shown]) == 0
    captured = capsys.readouterr()
    assert "as published" in captured.out and "load average before" in captured.out
    assert not captured.err
    document = json.loads(target.read_text(encoding="utf-8"))
    assert {(row["size"], row["batch"]) for row in document["rows"]} == {(96, 2)}
    assert {"published", "fast", "compact", "resnet18"} <= {row["name"] for row in document["rows"]}
    assert "CocoCaptions" in document["settings"]["data"] and "load_average" in document
    assert "the compact one, fast" in page.read_text(encoding="utf-8") and plot.stat().st_size > 1000


def test_bench_train_step(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page, plot = tmp_path / "step.json", tmp_path / "step.html", tmp_path / "step.png"
    own = ["--data", str(world / "annotations" / "captions_val.json"), "--images-of", str(world / "images")]
    little = ["--preset", "tiny", "--images", "8", "--batch-size", "4", "--rounds", "1"]
    shown = ["--json", str(target), "--page", str(page), "--plot", str(plot)]
    assert main(["bench", "train-step", *own, *little, *shown]) == 0
    assert "as many steps" in capsys.readouterr().out
    document = json.loads(target.read_text(encoding="utf-8"))
    rows = {(row["name"], row["workers"]): row for row in document["rows"]}
    assert len(rows) == 8 and rows["impasto + step", 1]["clock"] == "wall"
    assert document["milliseconds"]["step"] > 0 and {"load_average", "machine", "versions"} <= set(document)
    assert "impasto, and the step" in page.read_text(encoding="utf-8") and plot.stat().st_size > 1000


def test_bench_mix_on_own_data(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ["--data", str(world / "annotations" / "captions_val.json"), "--images-of", str(world / "images")]
    assert main(["bench", "mix", "--rounds", "1", *own, "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    works = {row["work"] for row in document["rows"]}
    assert len(works) == 2 and all("captions_val.json" in work for work in works)
    assert {"impasto", "official", "torch"} <= {row["name"] for row in document["rows"]}


def test_demo_hands_over_what_the_command_line_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """tests/experiments runs the demonstration itself."""

    def run(out: str, settings: Demo, *, device: str, time_loaders: Any, narrator: Any) -> DemoResult:
        narrator.say(f"[bold] {out} {device} {settings.seed}")
        with narrator.bar("training") as advance:
            advance(1, 2)
        narrator.table("retrieval", ["", "R@1"], [["scenes", "12.5"]])
        timing = {"timed": time_loaders is not None}
        return DemoResult(tmp_path / "report.html", 3, 2, timing, {"steps": settings.steps}, ())

    monkeypatch.setattr("impasto_lab.experiments.demo.run", run)
    target = tmp_path / "demo.json"
    arguments = ["--quick", "--no-timing", "--device", "cpu", "--seed", "4", "--out", "here", "--json", str(target)]
    assert main(["demo", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "[bold] here cpu 4" in printed
    assert "12.5" in printed
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["timing"] == {"timed": False}
    assert document["training"] == {"steps": Demo.quick().steps}
    assert main(["demo", "--json", str(target)]) == 0
    assert json.loads(target.read_text(encoding="utf-8"))["timing"] == {"timed": True}
