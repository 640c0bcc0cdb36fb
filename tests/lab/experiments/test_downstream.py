"""Tasks after pretraining: published numbers are the paper's, parts that are done are kept, figures fit together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from impasto import CheckpointError, RecipeError, SourceError
from impasto.sources import Source
from impasto_lab.experiments import Claim, Piece, registry
from impasto_lab.experiments.downstream.data import prepare, task_data, world_of
from impasto_lab.experiments.downstream.running import pretrain_arm, tune_arm
from impasto_lab.experiments.downstream.settings import PRETRAINING, TaskName
from impasto_lab.experiments.downstream.taking import take_training
from impasto_lab.experiments.experiment import Place
from impasto_lab.experiments.pointing.running import expressions
from impasto_lab.experiments.runner import reproduce
from impasto_lab.worlds.formats.layout import MARK

TABLE5 = registry.find("table5")
TABLE1, TABLE4 = registry.find("table1"), registry.find("table4")
PAIR = ("plain-albef", "mixgen-albef")
TASKS = ("vqa", "nlvr2", "nlvr2 consistency", "snli-ve")
CUTS = [f"{way}@{cut}" for way in ("TR", "IR") for cut in (1, 5, 10)]


@pytest.mark.parametrize("arm", PAIR)
@pytest.mark.parametrize("data", ["COCO", "Flickr30K"])
def test_a_published_sum_is_that_of_its_recalls(arm: str, data: str) -> None:
    known = TABLE1.published[arm]
    recalls = [known[f"{cut} {data}, 3M images"] for cut in CUTS]
    assert sum(recalls) == pytest.approx(known[f"RSUM {data}, 3M images"], abs=0.3), "each is rounded"


def test_gains_are_those_of_the_abstract() -> None:
    """COCO +6.2 fine-tuned, NLVR2 +0.9, VQA +0.3, SNLI-VE +0.4 (arXiv 2206.08358)."""
    claims = {str(claim): claim for table in (TABLE1, TABLE4) for claim in table.claims}

    def told(text: str, table: object) -> dict[str, float]:
        found: dict[str, float] = table.told(claims[text])  # type: ignore[attr-defined]
        return found

    tuned = told("RSUM tuned, unseen: mixgen-albef > plain-albef", TABLE1)
    assert tuned["RSUM COCO, 3M images"] == pytest.approx(6.2)
    assert told("RSUM zero-shot, unseen: mixgen-albef > plain-albef", TABLE1) == {
        "RSUM Flickr30K-Zs, 1M images": pytest.approx(6.3)
    }
    ours = "mixgen-albef > plain-albef"
    gains = {task: told(f"{task}, unseen: {ours}", TABLE4) for task in ("nlvr2", "vqa", "snli-ve")}
    assert round(gains["nlvr2"]["NLVR2 test-P"], 1) == 0.9
    assert round(gains["vqa"]["VQA test-std"], 1) == 0.3
    assert round(gains["snli-ve"]["SNLI-VE test"], 1) == 0.4
    assert TABLE4.told(Claim(better="mixgen-tcl", worse="plain-tcl", metric="vqa, seen", told=("VQA test-dev",))) == {}


def test_retrieval_is_tuned_and_kept(tmp_path: Path) -> None:
    results = reproduce(TABLE1, tmp_path, size="smoke", arms=PAIR, device="cpu")
    assert len(results.verdicts) == 4
    for metrics in results.measured.values():
        for how in ("zero-shot, seen", "zero-shot, unseen", "tuned, seen", "tuned, unseen"):
            assert metrics[f"RSUM {how}"] == pytest.approx(sum(metrics[f"{cut} {how}"] for cut in CUTS))
    runs = [json.loads((tmp_path / f"{arm}-0" / "pretraining" / "run.json").read_text()) for arm in PAIR]
    assert [run["settings"]["mixgen"] for run in runs] == ["none", "default"]
    mixes = [run["recipe"]["mix"] for run in runs]
    assert mixes[0] is None and mixes[1] is not None
    logs = {path: path.read_bytes() for path in tmp_path.rglob("metrics.jsonl")}
    assert len(logs) == 4
    for piece in (tmp_path / "pieces").iterdir():
        piece.unlink()
    again = reproduce(TABLE1, tmp_path, size="smoke", arms=PAIR, device="cpu")
    assert again.measured == results.measured
    assert {path: path.read_bytes() for path in logs} == logs, "nothing was trained again"
    page = (tmp_path / "report.html").read_text()
    assert "RSUM COCO, 3M images +6.2" in page and "491.8" in page


def test_each_task_is_tuned_and_judged(tmp_path: Path) -> None:
    results = reproduce(TABLE4, tmp_path, size="smoke", arms=PAIR[1:], device="cpu")
    assert not results.verdicts
    for metrics in results.measured.values():
        assert set(metrics) == {f"{task}, {part}" for task in TASKS for part in ("seen", "unseen")}
        assert all(0 <= value <= 100 for value in metrics.values())
    tuned = json.loads((tmp_path / "mixgen-albef-0" / "vqa" / "model" / "config.json").read_text())
    assert tuned["task"] == "vqa" and "yes" in tuned["notes"]["answers"]


def test_trainings_of_another_run_are_taken(tmp_path: Path) -> None:
    """Pretrainings are alike in all tables of a seed: one that takes Table 4's finds what it finds by itself."""
    ways = {"size": "smoke", "arms": PAIR, "device": "cpu"}
    four, five = tmp_path / "four", tmp_path / "five"
    reproduce(TABLE4, four, **ways)  # type: ignore[arg-type]
    taken = reproduce(TABLE5, five, trained=[four], **ways)  # type: ignore[arg-type]
    assert taken.measured == reproduce(TABLE5, tmp_path / "alone", **ways).measured  # type: ignore[arg-type]
    for arm in PAIR:  # a log says how fast it went
        logs = [(run / f"{arm}-0" / "pretraining" / "metrics.jsonl").read_bytes() for run in (four, five)]
        assert logs[0] == logs[1]
    begun = four / "mixgen-albef-0" / "pretraining" / "run.json"
    begun.write_text(begun.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(CheckpointError, match="seed was 1 and is 0"):
        reproduce(TABLE5, tmp_path / "other", trained=[four], **ways)  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="its world is"):
        reproduce(TABLE1, tmp_path / "one", trained=[four], **ways)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="no run to take"):
        reproduce(TABLE5, tmp_path / "none", trained=[tmp_path / "absent"], **ways)  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="takes no trainings"):
        reproduce(registry.find("table6"), tmp_path / "six", trained=[four])


def test_what_was_tuned_before_changes_nothing(tmp_path: Path) -> None:
    """Figure 4 tunes to expressions first and then to questions, Table 4 to questions first: the same weights."""
    settings, piece = registry.find("figure4").settings["smoke"], Piece("plain-albef", 0)
    place = Place(shared=tmp_path, folder=tmp_path / "one")
    prepare(settings, place)
    world, pretrained = world_of(tmp_path), pretrain_arm(piece, settings, place)
    data: dict[TaskName, Source] = {"vqa": task_data(world, "vqa", "train"), "grounding": expressions(world, "train")}
    weights = []
    orders: tuple[tuple[TaskName, ...], ...] = (("vqa",), ("grounding", "vqa"))
    for order in orders:
        apart = replace(place, folder=tmp_path / "-".join(order))
        tuned = [tune_arm(task, data[task], pretrained, piece, settings, apart) for task in order]
        weights.append((tuned[-1] / "model" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_a_tuning_is_taken_where_it_began_from_the_same(tmp_path: Path) -> None:
    here, there, piece = tmp_path / "here", tmp_path / "there", Piece("plain-albef", 0)
    for root in (here, there):
        (root / "world").mkdir(parents=True)
        (root / "world" / MARK).write_text("{}")
        (root / piece.name / PRETRAINING).mkdir(parents=True)
        (root / piece.name / PRETRAINING / "run.json").write_text('{"seed": 0}')
    (there / piece.name / "vqa" / "model").mkdir(parents=True)
    place = Place(shared=here, folder=here / piece.name, trained=(there,))
    (here / piece.name / PRETRAINING / "run.json").write_text('{"seed": 1}')
    take_training("vqa", piece, place)
    assert not (place.folder / "vqa").exists()
    (here / piece.name / PRETRAINING / "run.json").write_text('{"seed": 0}')
    take_training("vqa", piece, place)
    assert (place.folder / "vqa" / "model").exists()
    take_training("nlvr2", piece, place)
    assert not (place.folder / "nlvr2").exists()
