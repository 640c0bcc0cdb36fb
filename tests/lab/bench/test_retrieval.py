"""The bench of retrieval: answers are compared, figures follow from what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import RecipeError, sources
from impasto_lab.bench.answers import AnswersDifferError
from impasto_lab.bench.retrieval import measuring
from impasto_lab.bench.retrieval.measuring import hours, require_same, run
from impasto_lab.bench.retrieval.settings import RetrievalTiming
from impasto_lab.cli import main
from impasto_lab.tasks.downstream import Judging, RetrievalOptions, evaluate, open_checkpoint
from impasto_lab.worlds import render_scenes

FEW = RetrievalTiming.quick(images=40, encoded=4, searched=6, k=3, asked=2, rounds=2)


def test_answers_agree_and_figures_add_up() -> None:
    found = run(FEW)
    told = json.loads(json.dumps(found.as_dict()))
    assert told["apart"] < 1e-4
    assert told["score_bytes"] == 40 * 200 * 4
    assert told["ratio"] == pytest.approx(told["seconds"]["loop"] / told["seconds"]["search"])
    assert told["rates"]["pairs"] == pytest.approx(2 * 10 / told["seconds"]["vilt"])
    assert set(told["seconds"]) == {"images", "captions", "product", "ranks", "search", "loop", "vilt"}
    assert all(len(each) == FEW.rounds for each in told["rounds"].values())
    assert told["seconds"] == {name: np.median(each) for name, each in told["rounds"].items()}


def test_coco_s_pairs_are_counted() -> None:
    coco = RetrievalTiming(k=16)
    assert hours(coco, rate=1000.0) == {
        "all": pytest.approx(125e6 / 3.6e6),
        "prefiltered": pytest.approx(480e3 / 3.6e6),
    }


def test_a_prefilter_is_judged_beside_all_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each search is the task's own, of so many images."""
    world = render_scenes(tmp_path / "world")
    data, runs = str(world.annotations("val")), [str(tmp_path / kind) for kind in ("vilt", "clip")]
    for kind, run_ in zip(("vilt", "clip"), runs, strict=True):
        words = ["train", "pretrain", "--model", kind, "--preset", "tiny", "--steps", "2", "--batch-size", "8"]
        assert main([*words, "--data", data, "--out", run_, "--device", "cpu"]) == 0
    quick = ["--quick", "--images", "40", "--encoded", "4", "--searched", "6", "--k", "3", "--asked", "2"]
    given = ["--vilt", runs[0], "--prefilter", runs[1], "--data", data, "--compared", "9", "--candidates", "2"]
    assert main(["bench", "retrieval", *quick, *given, "--json", str(tmp_path / "told.json")]) == 0
    every, alone, few = json.loads((tmp_path / "told.json").read_text())["prefiltered"]
    assert (every["by"], alone["by"], few["by"], few["k"]) == (None, runs[1], runs[1], 2)
    vilt, clip = map(open_checkpoint, runs)
    nine = sources.open(data)[np.arange(9)]
    closely = Judging(options=RetrievalOptions(k=2, prefilter=runs[1]))
    assert every["rsum"] == evaluate("retrieval", vilt, nine)["rsum"]
    assert alone["rsum"] == evaluate("retrieval", clip, nine)["rsum"]
    assert few["rsum"] == evaluate("retrieval", vilt, nine, closely)["rsum"] != every["rsum"]
    assert min(one["seconds"] for one in (every, alone, few)) > 0
    assert f"{runs[1]}, first 2: RSUM" in capsys.readouterr().out
    monkeypatch.setattr(measuring, "_drawn", lambda *_: pytest.fail("something is timed before"))
    for wrong, reason in (
        (["--vilt", runs[1], *given[2:]], r"it is a clip, and all pairs are asked about of a vilt"),
        (["--vilt", runs[0], "--prefilter", runs[0], *given[4:]], r"it is a vilt, and a prefilter is for clip"),
        ([*given[:4], "--data", str(tmp_path / "none.json")], r"none\.json"),
    ):
        assert main(["bench", "retrieval", *quick, *wrong]) == 1
        assert re.search(reason, capsys.readouterr().err)
    with pytest.raises(RecipeError, match="vilt=, prefilter= and data= together"):
        RetrievalTiming(vilt=runs[0])
    with pytest.raises(RecipeError, match=r"candidates\[1\]=0"):
        RetrievalTiming(candidates=(2, 0))


def test_other_answers_are_refused() -> None:
    one = torch.tensor([[1.0, float("-inf")]])
    assert require_same((one, one), (one, one + 1e-5)) == pytest.approx(1e-5, rel=0.1)
    for other, reason in ((one + 0.1, "differently about a pair, by 0.1"), (one.flip(1), "different pairs")):
        with pytest.raises(AnswersDifferError, match=reason):
            require_same((one, one), (one, other))
    with pytest.raises(RecipeError, match="k=16 of 8 images"):
        RetrievalTiming(searched=8)
