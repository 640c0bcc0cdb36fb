"""Questions: ranking against the whole likelihood, training and results by the verbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from impasto import CheckpointError, RecipeError, SourceError, sources
from impasto.loading import Loader
from impasto.ops import decode
from impasto_lab.cli import main
from impasto_lab.metrics import normalize_answer
from impasto_lab.models import Albef, fusion_maps
from impasto_lab.models.heads import Telling
from impasto_lab.tasks.downstream import Judging, Opened, TuneSettings, VqaOptions, evaluate, open_checkpoint, tune
from impasto_lab.tasks.downstream.answer_list import build_answers, humans_in, read_answers
from impasto_lab.tasks.downstream.answering import accuracies, answer_ids, answerable
from impasto_lab.tasks.downstream.looking.drawing import draw_heat
from impasto_lab.tasks.downstream.looking.questions import question_maps
from impasto_lab.tasks.tokens import tokens
from impasto_lab.worlds import World

Open = Callable[..., Opened]
FEW = TuneSettings(steps=3, batch_size=4, log_every=1, warmup=0)


def _questions(told: World, split: str) -> sources.Source:
    return sources.open(told.root / f"annotations/v2_OpenEnded_mscoco_{split}2014_questions.json")


def test_the_list_is_of_answers_that_are_frequent(told: World) -> None:
    data = _questions(told, "train")
    right = [data.facts(row)["multiple_choice_answer"] for row in range(len(data))]
    for least in (1, 3):
        assert set(build_answers(data, least)) == {one for one in right if right.count(one) >= least}
    half = dict(list(humans_in(data).items())[: len(data) // 2])
    told_by_half = sorted({normalize_answer(answer) for one in half.values() for answer in one.answers})
    assert answerable(humans_in(data), right) == 100 == answerable(half, told_by_half)
    assert answerable(half, ["nobody's"]) == 0 == answerable({}, right)
    with pytest.raises(RecipeError, match="no answer is given to 99 questions"):
        build_answers(data, 99)


@pytest.mark.parametrize("kind", ["albef", "vilt", "tcl"])
def test_models_are_trained_and_answer_for_a_server(
    kind: str, told: World, saved: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, test = (
        str(told.root / f"annotations/v2_OpenEnded_mscoco_{split}2014_questions.json") for split in ("train", "test")
    )
    few = ["--steps", "3", "--batch-size", "4", "--log-every", "1", "--device", "cpu", "--frequent", "1"]
    run = ["train", "vqa", "--from", str(saved(kind)), "--data", train, "--out", str(tmp_path / "run")]
    assert main([*run, *few]) == 0
    capsys.readouterr()
    judged = ["evaluate", "vqa", str(tmp_path / "run"), "--data", test, "--out", str(tmp_path / "out")]
    drawn = [] if kind == "vilt" else ["--pictures", "9"]
    assert main([*judged, *drawn, "--device", "cpu", "--json", "-"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert {"accuracy", "accuracy (albef)", "yes/no", "other", "in the list"} <= figures.keys()
    results = json.loads((tmp_path / "out" / "vqa_results.json").read_text())
    data = _questions(told, "test")
    assert [one["question_id"] for one in results] == [data.facts(row)["question_id"] for row in range(len(data))]
    answers = open_checkpoint(tmp_path / "run").notes["answers"]
    assert {one["answer"] for one in results} <= set(answers)
    again = accuracies({one["question_id"]: one["answer"] for one in results}, humans_in(data), answers)
    assert figures == pytest.approx(again)
    if drawn:
        looked = json.loads((tmp_path / "out" / "looked_at.json").read_text())
        assert [(one["question_id"], one["answer"]) for one in looked] == [
            (one["question_id"], one["answer"]) for one in results[:9]
        ]
        assert [one["question"] for one in looked] == [data.facts(row)["question"] for row in range(9)]
        _require_drawn(open_checkpoint(tmp_path / "run"), data, looked, tmp_path / "out")


def _require_drawn(opened: Opened, data: sources.Source, looked: list[dict[str, str]], folder: Path) -> None:
    """Pictures are of the questions' own images, and of where the answers that were given come from."""
    head = opened.whole
    assert isinstance(head, Telling)
    batch = next(iter(Loader.evaluation(data[:9], opened.recipe(question=True), batch_size=9, form=opened.compact)))
    answer = answer_ids(opened, [one["answer"] for one in looked])
    maps = question_maps(head.eval(), batch.images, tokens(batch), answer)
    for row, (one, heat) in enumerate(zip(looked, maps, strict=True)):
        with PIL.Image.open(folder / one["picture"]) as picture:
            expected = draw_heat(decode(data[row].image), heat)
            assert np.abs(np.asarray(picture).astype(int) - expected).max() <= 2


@pytest.mark.parametrize("kind", ["albef", "tcl"])
def test_maps_are_of_the_chosen_answers_likelihood(kind: str, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = fresh(kind)
    assert isinstance(opened.base, Albef)
    head = Telling(opened.base).eval()
    listed = answer_ids(opened, ["red", "a blue star", "no"])
    images, question = torch.rand(2, 3, 32, 32), torch.randint(5, 30, (2, 6))
    seen = torch.tensor([[1] * 6, [1] * 4 + [0] * 2])
    with torch.no_grad():
        scores, numbers = head.rank(head.read(images, question, seen), seen, listed, k=3)
    likely = torch.zeros(2, 3).scatter(1, numbers, scores)
    told = []

    def recorded(model: Albef, score: Callable[[], torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        told.append(score())
        return fusion_maps(model, score, mask)

    monkeypatch.setattr("impasto_lab.tasks.downstream.looking.questions.fusion_maps", recorded)
    maps = [
        question_maps(head, images, (question, seen), (listed[0][places], listed[1][places]))
        for places in ([1, 0], [1, 2])
    ]
    torch.testing.assert_close(told[0].detach(), likely[[0, 1], [1, 0]])
    torch.testing.assert_close(maps[0][0], maps[1][0], msg="a row's map is its own")
    assert not torch.allclose(maps[0][1], maps[1][1], rtol=1e-2), "and its answer's"


def test_ranking_is_the_likelihood_of_each_answer(told: World, fresh: Open) -> None:
    """Word by word, by hand; the published count has the first word twice, and k looks at first words alone."""
    opened = fresh("albef")
    assert isinstance(opened.base, Albef)
    head = Telling(opened.base).eval()
    answers = ["red", "a blue star", "no", "two"]
    ids, mask = answer_ids(opened, answers)
    assert opened.words is not None
    assert ids[:, 0].eq(opened.words.cls).all()
    assert [ids[row, mask[row].sum() - 1] for row in range(4)] == [opened.words.sep] * 4
    images, question = torch.rand(2, 3, 32, 32), torch.randint(5, 30, (2, 6))
    seen = torch.tensor([[1] * 6, [1] * 4 + [0] * 2])
    with torch.no_grad():
        read = head.read(images, question, seen)
        expected, firsts = torch.zeros(2, 4), torch.zeros(2, 4)
        for row in range(2):
            short = read[row : row + 1, : seen[row].sum()]
            for place in range(4):
                for at in range(1, int(mask[place].sum())):
                    words = head.decoder(ids[place : place + 1, :at], short, torch.ones(short.shape[:2]))[0, -1]
                    likely = words.log_softmax(dim=0)[ids[place, at]]
                    expected[row, place] += likely
                    firsts[row, place] = likely if at == 1 else firsts[row, place]
        for first, wanted in (("once", expected), ("twice", expected + firsts)):
            scores, numbers = head.rank(read, seen, (ids, mask), k=4, first=first)
            torch.testing.assert_close(torch.zeros(2, 4).scatter(1, numbers, scores), wanted, atol=1e-4, rtol=1e-4)
        _, numbers = head.rank(read, seen, (ids, mask), k=2)
    assert numbers.tolist() == firsts.topk(2, dim=1).indices.tolist()


def test_nothing_else_goes_on_with_a_run(told: World, fresh: Open, tmp_path: Path) -> None:
    """Another list of answers would change what each class is, another checkpoint what the run was begun from."""
    data = _questions(told, "train")
    for kind in ("vilt", "albef"):

        def go_on(*, seed: int = 0, frequent: int = 1, kind: str = kind) -> int:
            judging = Judging(options=VqaOptions(frequent=frequent))
            return tune("vqa", fresh(kind, seed=seed), data, FEW, folder=tmp_path / kind, judging=judging).resumed

        assert go_on() == 0
        assert go_on() > 0
        with pytest.raises(CheckpointError, match=r"notes\.answers was"):
            go_on(frequent=2)
        with pytest.raises(CheckpointError, match="begun otherwise: from was"):
            go_on(seed=1)


@pytest.mark.slow
def test_what_people_say_is_learned(told: World, fresh: Open, tmp_path: Path) -> None:
    data = _questions(told, "train")[:4]
    judging = Judging(options=VqaOptions(frequent=1))
    settings = TuneSettings(steps=120, batch_size=4, lr=3e-3, warmup=5, log_every=20, alpha=0.0, weight_decay=0.0)
    for kind in ("vilt", "albef"):
        done = tune("vqa", fresh(kind), data, settings, folder=tmp_path / kind, held_out=data, judging=judging)
        assert done.fit.scores["accuracy"] == 100


def test_what_is_wrong_is_told(told: World, fresh: Open, saved: Callable[..., Path], tmp_path: Path) -> None:
    data, judging = _questions(told, "train"), Judging(options=VqaOptions(frequent=1))
    with pytest.raises(CheckpointError, match="pretrained and not tuned, and has no head for vqa"):
        evaluate("vqa", fresh("albef"), data)
    with pytest.raises(CheckpointError, match="it is a clip, and vqa is for vilt, albef, tcl"):
        tune("vqa", fresh("clip"), data, FEW, folder=tmp_path / "clip")
    captions = sources.open(told.annotations("train"), images=told.images)
    with pytest.raises(SourceError, match="no questions with an id"):
        tune("vqa", fresh("vilt"), captions, FEW, folder=tmp_path / "captions", judging=judging)
    tuned = tune("vqa", fresh("vilt"), data, FEW, folder=tmp_path / "vilt", judging=judging).opened
    with pytest.raises(RecipeError, match=r"2 pictures need a folder; name one \(out\)"):
        evaluate("vqa", tuned, data, Judging(options=VqaOptions(pictures=2)))
    with pytest.raises(RecipeError, match="a vilt has no fusion layers to draw maps of"):
        evaluate("vqa", tuned, data, Judging(options=VqaOptions(pictures=2), out=tmp_path))
    with pytest.raises(RecipeError, match="a vilt scores every answer"):
        evaluate("vqa", tuned, data, Judging(options=VqaOptions(k=2)))
    with pytest.raises(CheckpointError, match="tuned to vqa; name the pretrained one"):
        evaluate("retrieval", tuned, captions)
    bare = sources.VqaQuestions(
        told.root / "annotations/v2_OpenEnded_mscoco_val2014_questions.json", images=told.images
    )
    with pytest.raises(RecipeError, match="no annotations, so nothing can be scored; name a folder"):
        evaluate("vqa", tuned, bare)
    assert evaluate("vqa", tuned, bare, Judging(options=VqaOptions(), out=tmp_path / "out")) == {
        "questions": len(bare),
        "with annotations": 0,
    }
    (tmp_path / "file").write_text("[" * 100_000)
    with pytest.raises(SourceError, match="file: what is more than figures can't be written: File exists"):
        evaluate("vqa", tuned, bare, Judging(options=VqaOptions(), out=tmp_path / "file"))
    with pytest.raises(SourceError, match="file: the run can't be written: File exists; check the folder"):
        tune("vqa", fresh("albef"), data, FEW, folder=tmp_path / "file", judging=judging)
    with pytest.raises(SourceError, match="the list of answers can't be read: maximum recursion depth"):
        read_answers(tmp_path / "file")
    with pytest.raises(CheckpointError, match="no list of answers; take the one of its training"):
        evaluate("vqa", replace(tuned, notes={}), data)
    fusion = tune("vqa", fresh("albef"), data, FEW, folder=tmp_path / "albef", judging=judging).opened
    with pytest.raises(RecipeError, match=r"k=999 of \d+ answers; use k="):
        evaluate("vqa", fusion, data, Judging(options=VqaOptions(k=999)))
    # Before a step is taken, where it is what the held-out data would be judged by.
    for options, reason in ((VqaOptions(frequent=1, k=999), "k=999"), (VqaOptions(frequent=1, pictures=2), "folder")):
        late = Judging(options=options)
        with pytest.raises(RecipeError, match=reason):
            tune("vqa", fresh("albef"), data, FEW, folder=tmp_path / "late", held_out=data, judging=late)
    assert not (tmp_path / "late").exists()
