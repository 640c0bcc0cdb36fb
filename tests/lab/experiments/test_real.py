"""The tables and figures on files in the real formats: every one of the ten, end to end, from one folder."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import multiprocessing

from impasto import RecipeError, SourceError
from impasto_lab.experiments import Experiment, registry
from impasto_lab.experiments.real.folder import pretraining_data
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.runner import reproduce
from impasto_lab.training.distributed import processes

CUTS = [f"{way}@{cut}" for way in ("TR", "IR") for cut in (1, 5, 10)]
PAIR = ("plain-albef", "mixgen-albef")
RSUMS = {"RSUM COCO-Ft", "RSUM Flickr30K-Ft", "RSUM Flickr30K-Zs"}
Run = Callable[..., Results]


def _beside(name: str) -> ModuleType:
    """A file beside this one, which is no test."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = _beside("real_data").lay_out(tmp_path_factory.mktemp("real"))
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all runs are, so that they take each other's pretrainings."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(data: Path, out: Path) -> Run:
    def run(name: str, arms: tuple[str, ...] = PAIR) -> Results:
        others = [path for path in out.iterdir() if path.name != name]
        changes = {"data": str(data)}
        return reproduce(
            registry.find(name), out / name, size="smoke", arms=arms, trained=others, device="cpu", changes=changes
        )

    return run


def _begun(out: Path, name: str, arm: str, part: str = "pretraining") -> dict[str, Any]:
    begun: dict[str, Any] = json.loads((out / name / f"{arm}-0" / part / "run.json").read_text())
    return begun


def test_table1_tunes_to_coco_and_to_flickr30k(run: Run, out: Path) -> None:
    results = run("table1")
    for metrics in results.measured.values():
        names = {name.removeprefix("RSUM ") for name in metrics if name.startswith("RSUM")}
        assert names == {"COCO, untuned", "Flickr30K, untuned", "COCO-Ft", "Flickr30K-Zs", "Flickr30K-Ft"}
        for name in names:
            assert metrics[f"RSUM {name}"] == pytest.approx(sum(metrics[f"{cut} {name}"] for cut in CUTS))
        # Each of eight images, or of five, is found or not.
        for name, each in (("COCO-Ft", 12.5), ("COCO, untuned", 12.5), ("Flickr30K-Zs", 20), ("Flickr30K-Ft", 20)):
            shares = [metrics[f"TR@{cut} {name}"] / each for cut in (1, 5, 10)]
            assert shares == pytest.approx([round(share) for share in shares]), name
    pretrained = [_begun(out, "table1", arm) for arm in PAIR]
    assert [one["settings"]["mixgen"] for one in pretrained] == ["none", "default"]
    # COCO's 40 images, Visual Genome's 40, and the first 48 pairs of each list.
    assert [one["pairs"] for one in pretrained] == [176, 176]
    assert [_begun(out, "table1", PAIR[0], part)["samples"] for part in ("coco", "flickr30k")] == [40, 40]
    assert _begun(out, "table1", PAIR[0], "coco")["from"] == _begun(out, "table1", PAIR[0], "flickr30k")["from"]
    (first, _) = results.verdicts
    assert first.published == {"RSUM COCO-Ft": pytest.approx(6.2)}
    page = (out / "table1" / "report.html").read_text()
    assert "(485.6)" in page and "UNITER, as published" in page and "460.9" in page
    assert "--data" in json.loads((out / "table1" / "results.json").read_text())["command"]


def test_table4_tunes_to_three_tasks_and_answers_for_the_server(run: Run, out: Path) -> None:
    results = run("table4")
    for metrics in results.measured.values():
        plain = {name for name in metrics if "consistency" not in name}
        assert plain == {"VQA val", "NLVR2 dev", "NLVR2 test-P", "SNLI-VE val", "SNLI-VE test"}
        assert all(0 <= value <= 100 for value in metrics.values())
    answers = json.loads((out / "table4" / "plain-albef-0" / "vqa" / "answers-test" / "vqa_results.json").read_text())
    assert {"question_id", "answer"} == set(answers[0])
    told = {claim.metric: results.experiment.told(claim) for claim in results.experiment.claims}
    assert told["VQA val"] == {"VQA test-dev": pytest.approx(0.13), "VQA test-std": pytest.approx(0.28)}
    assert told["NLVR2 test-P"] == {"NLVR2 test-P": pytest.approx(0.89)}


def test_table5_and_figure4_draw_maps(run: Run, out: Path) -> None:
    for name in ("table5", "figure4"):
        results = run(name)
        for metrics in results.measured.values():
            assert {f"RefCOCO+ {split}" for split in ("val", "testA", "testB")} < set(metrics)
            assert ("VQA val" in metrics) == (name == "figure4")
        chosen = json.loads((out / name / "chosen.json").read_text())["albef"]
        assert sum(map(len, chosen.values())) > 0 and (out / name / "maps-albef.png").exists()
        assert (out / name / "questions-albef.png").exists() == (name == "figure4")
    page = (out / "table5" / "report.html").read_text()
    assert "(57.76)" in page and "(46.47)" in page


def test_figure5_ranks_coco(run: Run, out: Path) -> None:
    results = run("figure5")
    for metrics in results.measured.values():
        assert 1 <= metrics["mean rank by towers, COCO"] <= 8 and not any("fit" in name for name in metrics)
    told = json.loads((out / "figure5" / "chosen.json").read_text())["albef, COCO"]
    assert told and (out / "figure5" / "ranks-albef-COCO.png").exists()


def test_figure3_takes_shares_of_each_set(run: Run, out: Path) -> None:
    arms = ("plain-albef-third", "plain-albef-fifteenth", "mixgen-albef-fifteenth")
    results = run("figure3", arms)
    assert all(set(metrics) > RSUMS for metrics in results.measured.values())
    assert [_begun(out, "figure3", arm)["pairs"] for arm in arms] == [13 + 13 + 16 + 16, 3 + 3 + 3 + 3, 12]


def test_smaller_shares_are_among_larger_ones(data: Path) -> None:
    real = registry.find("figure3").real
    assert real is not None
    settings = replace(real.settings["smoke"], data=str(data))

    def keys(arm: str, seed: int = 0) -> set[str]:
        source = pretraining_data(settings, arm, seed)
        return {f"{source.find(row)[0].path(source.find(row)[1])}" for row in range(len(source))}

    few, some, most = keys("plain-albef-fifteenth"), keys("mixgen-albef-third"), keys("plain-albef")
    assert few < some < most
    assert few != keys("plain-albef-fifteenth", 1)


def test_table3_trains_four_models(run: Run, out: Path) -> None:
    arms = tuple(f"mixgen-{model}-1m" for model in ("clip", "vilt", "albef", "tcl"))
    results = run("table3", arms)
    assert len(results.measured) == 4
    assert all(set(metrics) > RSUMS for metrics in results.measured.values())
    page = (out / "table3" / "report.html").read_text()
    assert all(f"({rsum})" in page for rsum in ("454.6", "189.7", "477.7", "490.2"))
    assert _begun(out, "table3", "mixgen-albef-1m")["pairs"] == 128, "no Conceptual Captions"


def test_figure6_mixes_all_of_a_batch_and_takes_what_table3_trained(run: Run, out: Path) -> None:
    run("table3", ("mixgen-albef-1m",))
    results = run("figure6", ("mixgen-albef-1m", "whole-albef-1m"))
    mixes = {arm: _begun(out, "figure6", arm)["recipe"]["mix"] for arm in ("mixgen-albef-1m", "whole-albef-1m")}
    assert [(mix["ratio"], mix["pairing"]) for mix in mixes.values()] == [(0.25, "block"), (1.0, "shuffle")]
    assert len(results.verdicts) == 3
    both = [
        (out / name / "mixgen-albef-1m-0" / "coco" / "metrics.jsonl").read_bytes() for name in ("table3", "figure6")
    ]
    assert both[0] == both[1], "a log says how fast it went"


def test_table7_tunes_a_variant_to_all(run: Run, out: Path) -> None:
    results = run("table7", ("d-albef-1m",))
    (metrics,) = results.measured.values()
    assert {*RSUMS, "SNLI-VE test", "NLVR2 test-P", "VQA val"} < set(metrics)
    assert _begun(out, "table7", "d-albef-1m")["settings"]["mixgen"] == "d"
    page = (out / "table7" / "report.html").read_text()
    assert "(506.8)" in page and "(79.07)" in page and "(78.3)" in page


def test_table6_shows_the_sets(data: Path, tmp_path: Path) -> None:
    changes = {"data": str(data)}
    results = reproduce(registry.find("table6"), tmp_path, size="smoke", device="cpu", changes=changes)
    ours = {piece.arm: metrics for piece, metrics in results.measured.items()}
    assert ours["default"]["mixed visibly"] == 100 and ours["c"]["mixed visibly"] == 0
    assert ours["b"]["words kept"] < ours["default"]["words kept"] == 100
    assert (tmp_path / "variants.png").exists()


def _refused(experiment: Experiment, out: Path, **how: Any) -> str:
    with pytest.raises(SourceError) as told:
        reproduce(experiment, out, **{"device": "cpu", **how})
    assert not (out / "pieces").exists() and not list(out.rglob("pretraining"))
    return str(told.value)


def test_all_that_is_missing_is_told_at_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = _refused(registry.find("table3"), tmp_path / "nothing", size="full")
    assert "5 of what this run needs is missing; nothing was trained" in said
    for flag in ("--vocabulary", "--bert", "--vit", "--weights", "--data"):
        assert flag in said
    few = tmp_path / "few"
    shutil.copytree(data, few)
    for gone in ("sbu.json", "refcoco+/dets.json", "annotations/snli_ve_dev.jsonl", "nlvr2/test1.json"):
        (few / gone).unlink()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    given = {"size": "smoke", "device": "cuda", "changes": {"data": str(few), "vocabulary": "absent.txt"}}
    said = _refused(registry.find("table4"), tmp_path / "some", **given)
    lines = said.splitlines()
    assert lines[0].endswith("5 of what this run needs is missing; nothing was trained:") and len(lines) == 6
    for line, told in zip(
        lines[1:],
        (
            "--vocabulary: there is no absent.txt",
            "no CUDA device",
            r"sbu: ",
            "nlvr2, test1: ",
            "snli-ve, val: ",
        ),
        strict=True,
    ):
        assert told in line
    assert "cs.rice.edu/~vo9/sbucaptions" in said and "github.com/necla-ml/SNLI-VE" in said
    assert "refcoco+, proposals" in _refused(registry.find("table5"), tmp_path / "boxes", **given)
    said = _refused(registry.find("table1"), tmp_path / "gpu", size="full", device="auto", changes={"data": str(few)})
    assert "models of the papers' size are trained on some; --device cpu tries without" in said


def test_a_folder_keeps_to_its_data(data: Path, out: Path, tmp_path: Path, run: Run) -> None:
    run("table4")
    shutil.copytree(data, tmp_path / "other")
    with pytest.raises(RecipeError, match="other settings: data"):
        reproduce(registry.find("table4"), out / "table4", size="smoke", changes={"data": str(tmp_path / "other")})
    with pytest.raises(RecipeError, match="other settings"):
        reproduce(registry.find("table4"), out / "table4", size="smoke", arms=("plain-vilt",), device="cpu")
    # Before any piece is done, too.
    for path, what in (("world", {"changes": {"data": str(data)}}), ("prepared.json", {})):
        begun = tmp_path / f"begun with {path}"
        begun.mkdir()
        (begun / path).mkdir() if path == "world" else (begun / path).write_text("{}")
        with pytest.raises(RecipeError, match=r"rendered world; choose|for a world"):
            reproduce(registry.find("figure3"), begun, size="smoke", device="cpu", **what)  # type: ignore[arg-type]
    strange = tmp_path / "strange" / "pieces"
    strange.mkdir(parents=True)
    (strange / "plain-400-0.json").write_text(json.dumps({"settings": {"size": "smoke"}, "metrics": {}}))
    with pytest.raises(RecipeError, match="run with other settings"):
        reproduce(registry.find("figure3"), strange.parent, size="smoke", device="cpu", changes={"data": str(data)})
    others = tmp_path / "others"
    with pytest.raises(RecipeError, match="its trainings can't be taken"):
        reproduce(
            registry.find("table5"), others, size="smoke", trained=[out / "table4"], device="cpu",
            changes={"data": str(tmp_path / "other")},
        )  # fmt: skip


def test_what_is_said_of_real_data_needs_them(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="--bert and --vit is for real data; give their folder too"):
        reproduce(registry.find("table1"), tmp_path, size="smoke", changes={"bert": "b", "vit": "v"})
    with pytest.raises(RecipeError, match="go together"):
        reproduce(registry.find("table1"), tmp_path, size="smoke", changes={"data": "d", "bert": "b"})


def _one_of_two(rank: int, port: int, name: str, out: str, data: str) -> None:
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with processes():
        for arms, trained in ((PAIR[1:], ()), (PAIR[1:], (out,))):
            place = Path(out).with_name("taken") if trained else Path(out)
            reproduce(
                registry.find(name), place, size="smoke", arms=arms, trained=trained, device="cpu",
                changes={"data": data},
            )  # fmt: skip
        with pytest.raises(RecipeError, match="isn't trained by several processes"):
            reproduce(registry.find(name), out, size="smoke", device="cpu")


@pytest.mark.slow
@pytest.mark.timeout(300)  # two more processes import torch
def test_two_processes_train_together(data: Path, tmp_path: Path) -> None:
    """Half of each batch each: the same pairs in the same steps as one process with all of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    multiprocessing.start_processes(
        _one_of_two, (port, "figure5", str(tmp_path / "two"), str(data)), nprocs=2, start_method="spawn"
    )
    together = json.loads((tmp_path / "two" / "mixgen-albef-0" / "pretraining" / "run.json").read_text())
    assert (together["processes"], together["settings"]["batch_size"]) == (2, 4)
    evidence = [json.loads((tmp_path / name / "results.json").read_text()) for name in ("two", "taken")]
    assert len(evidence[0]["measured"]) == 1 and evidence[0]["measured"] == evidence[1]["measured"]
    assert (tmp_path / "two" / "ranks" / "mixgen-albef-0.json").exists()
