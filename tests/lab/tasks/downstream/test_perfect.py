"""Who makes no mistake scores 100 in every split of every world that the tasks have; who makes all of them does not.

Worlds are files that the verb wrote. What is right is read from them without impasto, and given in the place of what a
model computes; sources, loaders, evaluations and metrics are those of the tasks.
"""

from __future__ import annotations

import json
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto import sources
from impasto.sources import Source
from impasto_lab.cli import main
from impasto_lab.metrics import box_overlaps
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.downstream import Judging, Opened, TuneSettings, evaluate
from impasto_lab.tasks.downstream.registry import find_task

Open = Callable[..., Opened]
SPLITS = ("train", "val", "test")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _rendered(tmp_path_factory.mktemp("perfect") / "tasks", "tasks")


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _rendered(tmp_path_factory.mktemp("perfect") / "rich", "scenes", "--manner", "rich")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    few = ["--amazon", "2", "--dslr", "2", "--webcam", "2", "--size", "32"]
    return _rendered(tmp_path_factory.mktemp("perfect") / "objects", "office31-like", *few)


def _rendered(out: Path, *words: str) -> Path:
    assert main(["world", words[0], str(out), *words[1:]]) == 0
    return out


def _ready(name: str, opened: Opened, data: Source, **options: Any) -> tuple[Opened, Judging]:
    """A checkpoint as a training of the task begins with."""
    task = find_task(name)
    judging = Judging(options=task.options(**options))
    if task.begin is None:
        return opened, judging
    return task.begin(opened, data, TuneSettings(batch_size=4), judging, None).opened, judging


def _say(monkeypatch: pytest.MonkeyPatch, opened: Opened, classes: list[int], count: int) -> None:
    """Has a head give each row, in the order in which they are asked about, its class."""
    left = iter(classes)

    def forward(images: tuple[Tensor, ...], ids: Tensor, mask: Tensor) -> Tensor:
        return torch.eye(count)[[next(left) for _ in ids]]

    monkeypatch.setattr(opened.whole, "forward", forward)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("split", SPLITS)
def test_questions(split: str, tasks: Path, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (f"v2_OpenEnded_mscoco_{split}2014_questions.json", f"v2_mscoco_{split}2014_annotations.json")
    data = sources.open(tasks / "annotations" / names[0])
    annotated = json.loads((tasks / "annotations" / names[1]).read_text())["annotations"]
    right = {one["question_id"]: one["multiple_choice_answer"] for one in annotated}
    asked = json.loads((tasks / "annotations" / names[0]).read_text())["questions"]
    opened, judging = _ready("vqa", fresh("vilt"), data, frequent=1)
    answers = opened.notes["answers"]
    places = [answers.index(right[one["question_id"]]) for one in asked]
    _say(monkeypatch, opened, places, len(answers))
    found = evaluate("vqa", opened, data, judging)
    assert set(found.values()) == {100}, found
    _say(monkeypatch, opened, [(place + 1) % len(answers) for place in places], len(answers))
    assert evaluate("vqa", opened, data, judging)["accuracy"] < 10, "some people err"
    assert any(len({one["answer"] for one in question["answers"]}) > 1 for question in annotated)
    assert len(set(right.values())) > 8, "the world is not made of one answer"


@pytest.mark.parametrize("split", SPLITS)
def test_hypotheses(split: str, tasks: Path, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tasks / f"annotations/snli_ve_{split}.jsonl"
    opened, judging = _ready("snli-ve", fresh("albef"), data := sources.open(path))
    numbers = {"contradiction": 0, "neutral": 1, "entailment": 2}
    labels = [numbers[one["gold_label"]] for one in _lines(path)]
    _say(monkeypatch, opened, labels, 3)
    assert evaluate("snli-ve", opened, data, judging) == dict.fromkeys(("accuracy", *numbers), 100)
    _say(monkeypatch, opened, [(label + 1) % 3 for label in labels], 3)
    assert evaluate("snli-ve", opened, data, judging) == dict.fromkeys(("accuracy", *numbers), 0)
    _say(monkeypatch, opened, [2] * len(labels), 3)
    assert evaluate("snli-ve", opened, data, judging)["accuracy"] == pytest.approx(100 / 3)


@pytest.mark.parametrize("name", ["train", "dev", "test1"])
def test_statements_of_pairs(name: str, tasks: Path, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tasks / "nlvr2" / f"{name}.json"
    opened, judging = _ready("nlvr2", fresh("albef"), data := sources.open(path))
    labels = [int(one["label"] == "True") for one in _lines(path)]
    _say(monkeypatch, opened, labels, 2)
    assert evaluate("nlvr2", opened, data, judging) == {"accuracy": 100, "consistency": 100}
    _say(monkeypatch, opened, [1 - label for label in labels], 2)
    assert evaluate("nlvr2", opened, data, judging) == {"accuracy": 0, "consistency": 0}
    _say(monkeypatch, opened, [1] * len(labels), 2)
    assert evaluate("nlvr2", opened, data, judging) == {"accuracy": 50, "consistency": 0}, "of two pairs one is true"


@pytest.mark.parametrize("split", ["train", "val+testA+testB"])
def test_expressions(split: str, tasks: Path, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tasks / "refcoco+"
    data = sources.open(folder, images=tasks / "images", split=split)
    refs = pickle.loads((folder / "refs(unc).p").read_bytes())
    boxes = {one["id"]: one["bbox"] for one in json.loads((folder / "instances.json").read_text())["annotations"]}
    meant = {number: ref for ref in refs for number in ref["sent_ids"]}
    asked = [meant[data.facts(row)["sent_id"]] for row in range(len(data))]
    proposals = json.loads((folder / "dets.json").read_text())
    truths = [boxes[ref["ann_id"]] for ref in asked]
    wrong = [
        min(proposals[str(ref["image_id"])], key=lambda box, truth=truth: box_overlaps(truth, [box])[0])  # type: ignore[misc]
        for ref, truth in zip(asked, truths, strict=True)
    ]
    opened, judging = fresh("albef"), Judging(options=find_task("grounding").options())

    def look(at: list[Any]) -> dict[str, float]:
        left = iter(zip(at, map(data.facts, range(len(data))), strict=True))
        monkeypatch.setattr(
            "impasto_lab.tasks.downstream.grounding.pointing._maps",
            lambda model, images, *rest: torch.stack([_hot(*next(left)) for _ in images]),
        )
        return evaluate("grounding", opened, data, judging)

    nothing = dict.fromkeys(("accuracy", *split.split("+")), 0.0)
    assert look(truths) == {**dict.fromkeys(nothing, 100), "reachable": 100, "empty": 0}
    if split == "train":
        return
    assert look(wrong) == {**nothing, "reachable": 100, "empty": 0}
    assert look([(0, 0, 0, 0)] * len(data)) == {**nothing, "reachable": 100, "empty": 100}


def _hot(box: Any, facts: Any) -> Tensor:
    heat = torch.zeros(facts["height"], facts["width"])
    left, top, width, height = (round(side) for side in box)
    heat[top : top + height, left : left + width] = 1
    return heat


@pytest.fixture(params=["tasks", "rich"])
def told(request: pytest.FixtureRequest) -> Path:
    """Karpathy's file of a world with captions."""
    (path,) = request.getfixturevalue(request.param).glob("dataset_*.json")
    assert isinstance(path, Path)
    return path


@pytest.fixture(params=SPLITS)
def captioned(request: pytest.FixtureRequest, told: Path) -> tuple[Source, list[list[str]]]:
    """A split, and the captions of each of its images."""
    data = sources.open(told, images=told.parent / "images", split=request.param)
    entries = [one for one in json.loads(told.read_text())["images"] if one["split"] == request.param]
    return data, [[sentence["raw"] for sentence in one["sentences"]] for one in entries]


def test_retrieval(captioned: tuple[Source, list[list[str]]], fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    data, captions = captioned
    opened, judging = _ready("retrieval", fresh("clip"), data)
    of: dict[str, set[int]] = defaultdict(set)
    for image, several in enumerate(captions):
        for caption in several:
            of[caption].add(image)

    def scores(held: HeldOut, model: object) -> Tensor:
        return torch.tensor([[float(image in of[one]) for one in held.captions] for image in range(len(held.images))])

    monkeypatch.setattr(HeldOut, "scores", scores)
    found = evaluate("retrieval", opened, data, judging)
    # A caption that was written for two images is a tie, which is a miss; no world has many.
    shared = {image for images in of.values() if len(images) > 1 for image in images}
    missed = sum(len(of[one]) > 1 for several in captions for one in several)
    assert missed <= 4
    assert found["tr@1"] == pytest.approx(100 * (1 - len(shared) / len(captions)))
    assert found["ir@1"] == pytest.approx(100 * (1 - missed / sum(map(len, captions))))
    assert [found[f"{way}@{cut}"] for way in ("tr", "ir") for cut in (5, 10)] == [100] * 4
    monkeypatch.setattr(HeldOut, "scores", lambda held, model: -scores(held, model))
    assert evaluate("retrieval", opened, data, judging)["rsum"] == 0


def test_captions(captioned: tuple[Source, list[list[str]]], fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who tells what somebody wrote has all of BLEU; CIDEr-D asks for what most people wrote."""
    data, captions = captioned
    opened, judging = _ready("captioning", fresh("albef", text_length=200), data)
    text = opened.recipe(length=200).text  # words are spelled by letters
    assert text is not None

    def tell(texts: list[str]) -> dict[str, float]:
        ids, mask = opened.encode(texts, text)
        left: Iterator[list[int]] = (row[1:length].tolist() for row, length in zip(ids, mask.sum(dim=1), strict=True))
        monkeypatch.setattr(
            "impasto_lab.tasks.downstream.captioning.describing.generate",
            lambda decoder, read, *rest, **options: [next(left) for _ in read],
        )
        return evaluate("captioning", opened, data, judging)

    own = tell([several[0] for several in captions])
    others = tell([several[0] for several in [*captions[1:], captions[0]]])
    assert [own[f"BLEU-{order}"] for order in (1, 2, 3, 4)] == pytest.approx([100] * 4)
    assert others["BLEU-4"] < 50
    assert others["CIDEr-D"] < own["CIDEr-D"] / 3


@pytest.mark.parametrize("domain", ["amazon", "dslr", "webcam"])
def test_classes_by_their_names(domain: str, objects: Path, fresh: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = objects / domain / "images"
    data, names = sources.open(folder), sorted(one.name for one in folder.iterdir())
    opened, judging = _ready("zero-shot", fresh("clip"), data)
    shown = [path.parent.name for path in sorted(folder.rglob("*.jpg"))]
    assert len(shown) == len(data) == 2 * len(names)

    def embed(texts: list[str]) -> tuple[Tensor, Tensor]:
        """A text as the longest of the names in it."""
        told = [max((name for name in names if name.replace("_", " ") in one), key=len) for one in texts]
        return torch.eye(len(names))[[names.index(one) for one in told]], torch.ones(len(texts), 1)

    def see(step: int) -> dict[str, float]:
        left = iter(shown)
        monkeypatch.setattr(
            opened.base,
            "encode_images",
            lambda images: torch.eye(len(names))[[(names.index(next(left)) + step) % len(names) for _ in images]],
        )
        return evaluate("zero-shot", opened, data, judging)

    monkeypatch.setattr(type(opened), "encode", lambda self, texts, text: embed(texts))
    monkeypatch.setattr(opened.base, "encode_texts", lambda ids, mask: ids)
    right, wrong = ({name: one for name, one in see(step).items() if name != "unknown"} for step in (0, 1))
    assert set(right.values()) == {100} and len(right) == 3 + len(names)
    assert wrong["top-1"] == wrong["class mean"] == 0
