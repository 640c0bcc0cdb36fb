"""Hypotheses and pairs: training and evaluation by the verbs, and pairs that stay together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from impasto import RecipeError, SourceError, sources
from impasto.loading import PairedBatch
from impasto_lab.cli import main
from impasto_lab.tasks.downstream import (
    Judging,
    NoOptions,
    Opened,
    TuneSettings,
    entailing,
    evaluate,
    open_checkpoint,
    tune,
)
from impasto_lab.tasks.downstream.classing import images_of
from impasto_lab.tasks.downstream.pairing import begin
from impasto_lab.worlds import World

Open = Callable[..., Opened]
JUDGING = Judging(options=NoOptions())


def _file(told: World, task: str, split: str) -> Path:
    if task == "snli-ve":
        return told.root / f"annotations/snli_ve_{split}.jsonl"
    return told.root / "nlvr2" / f"{split.replace('test', 'test1')}.json"


@pytest.mark.parametrize("task", ["snli-ve", "nlvr2"])
@pytest.mark.parametrize("kind", ["albef", "vilt"])
def test_models_are_trained_and_judged_by_verbs(
    kind: str,
    task: str,
    told: World,
    saved: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train = [
        task,
        "--from",
        str(saved(kind)),
        "--data",
        str(_file(told, task, "train")),
        "--out",
        str(tmp_path / "run"),
    ]
    few = ["--steps", "2", "--batch-size", "4", "--log-every", "1", "--device", "cpu", "--image-size", "48"]
    assert main(["train", *train, *few]) == 0
    capsys.readouterr()
    judged = ["evaluate", task, str(tmp_path / "run"), "--data", str(_file(told, task, "test")), "--json", "-"]
    assert main([*judged, "--device", "cpu"]) == 0
    told_all = json.loads(capsys.readouterr().out)
    found = told_all["figures"]
    assert told_all["samples"] == len(_file(told, task, "test").read_text().splitlines())
    assert 0 <= found["accuracy"] <= 100
    assert ("consistency" in found) == (task == "nlvr2")
    assert open_checkpoint(tmp_path / "run").task == task


# Of NLVR2's pairs only images tell the true one from the other.
@pytest.mark.parametrize(("task", "kind", "steps"), [("snli-ve", "tcl", 20), ("nlvr2", "albef", 60)])
def test_what_is_right_is_learned(task: str, kind: str, steps: int, told: World, fresh: Open, tmp_path: Path) -> None:
    lines = _file(told, task, "train").read_text().splitlines()[:4]
    (tmp_path / "few.json").write_text("\n".join(lines) + "\n")
    images = told.images if task == "snli-ve" else told.root / "nlvr2" / "images"
    data = sources.open(tmp_path / "few.json", images=images)
    settings = TuneSettings(steps=steps, batch_size=4, lr=3e-3, warmup=5, alpha=0.0, weight_decay=0.0)
    done = tune(task, fresh(kind), data, settings, folder=tmp_path / "run", held_out=data, judging=JUDGING)
    assert done.fit.scores["accuracy"] == 100


def test_both_images_are_of_one_statement(told: World, fresh: Open) -> None:
    data = sources.open(_file(told, "nlvr2", "train"))
    loader = begin(fresh("vilt"), data, TuneSettings(batch_size=4), JUDGING, None).loader
    for _ in range(2):  # the second epoch has another order
        for batch in loader:
            assert batch.first.keys == batch.second.keys
            assert not torch.equal(batch.first.images, batch.second.images)
            images_of(batch)
    other = PairedBatch(batch.first, batch.second.changed(samples=batch.second.samples.flip(0)))
    with pytest.raises(RecipeError, match="come from different statements"):
        images_of(other)


def test_the_second_image_counts(told: World, fresh: Open) -> None:
    """Two images of the same pixels in the other order are another pair."""
    for kind in ("albef", "vilt"):
        data = sources.open(_file(told, "nlvr2", "train"))
        head = begin(fresh(kind), data, TuneSettings(batch_size=4), JUDGING, None).opened.whole.eval()
        images, ids = torch.rand(2, 3, 3, 32, 32), torch.randint(5, 30, (3, 6))
        with torch.no_grad():
            one = head((images[0], images[1]), ids, torch.ones_like(ids))
            other = head((images[1], images[0]), ids, torch.ones_like(ids))
            third = head((images[0], torch.rand(3, 3, 32, 32)), ids, torch.ones_like(ids))
        assert (one - other).abs().min() > 1e-6
        assert (one - third).abs().min() > 1e-6


def test_other_data_is_refused(told: World, fresh: Open, tmp_path: Path) -> None:
    captions = sources.open(told.annotations("train"), images=told.images)
    settings = TuneSettings(steps=1, batch_size=4)
    with pytest.raises(SourceError, match="its label is None, and there are classes 0 to 2"):
        tune("snli-ve", fresh("vilt"), captions, settings, folder=tmp_path / "a", judging=JUDGING)
    hypotheses, statements = (sources.open(_file(told, task, "train")) for task in ("snli-ve", "nlvr2"))
    for given, held in ((statements, None), (hypotheses, statements)):
        with pytest.raises(SourceError, match="statements, true or false; snli-ve needs hypotheses"):
            tune("snli-ve", fresh("vilt"), given, settings, folder=tmp_path / "c", held_out=held, judging=JUDGING)
    tuned = entailing.begin(fresh("vilt"), hypotheses, settings, JUDGING, None).opened
    with pytest.raises(SourceError, match="statements, true or false; snli-ve needs hypotheses"):
        evaluate("snli-ve", tuned, statements)
    with pytest.raises(SourceError, match="has one image a row; nlvr2 needs pairs"):
        tune("nlvr2", fresh("vilt"), captions, settings, folder=tmp_path / "b", judging=JUDGING)
