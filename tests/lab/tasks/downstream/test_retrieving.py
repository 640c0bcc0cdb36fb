"""Retrieval in two passes against asking about every pair, and fine-tuning of all four models by the verbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto import BertTokenizer, CheckpointError, RecipeError, sources
from impasto_lab.cli import main
from impasto_lab.metrics import Retrieval, retrieval
from impasto_lab.models import Albef, Clip, Vilt
from impasto_lab.models.checkpoints import export_model
from impasto_lab.tasks import HeldOut
from impasto_lab.tasks.downstream import (
    Judging,
    Opened,
    RetrievalOptions,
    TuneSettings,
    evaluate,
    open_checkpoint,
    tune,
)
from impasto_lab.tasks.downstream.retrieving import FusionRetriever, held_of
from impasto_lab.tasks.downstream.searching import search
from impasto_lab.tasks.pretrain.vocabulary import own_vocabulary
from impasto_lab.tasks.tokens import encode
from impasto_lab.worlds import World

Open = Callable[..., Opened]


def _held(opened: Opened, world: World) -> HeldOut:
    data = sources.KarpathyCaptions(world.karpathy, images=world.images, split="test")
    return held_of(opened, data, Judging(options=RetrievalOptions()))


def _ranks(found: Retrieval) -> tuple[list[int], list[int]]:
    return found.text_ranks.tolist(), found.image_ranks.tolist()


@pytest.mark.parametrize("kind", ["albef", "vilt"])
def test_every_pair_is_asked_about_as_a_plain_loop_does(kind: str, world: World, fresh: Open) -> None:
    opened = fresh(kind)
    held = _held(opened, world)
    assert isinstance(opened.base, Vilt | Albef)
    with torch.no_grad():
        plain = torch.stack(
            [
                opened.base.match(image.expand(len(held.captions), -1, -1, -1), held.input_ids, held.attention_mask)[
                    :, 1
                ]
                for image in held.images
            ]
        )
    found = search(held, opened.base, batch_size=7)
    assert _ranks(found) == _ranks(retrieval(plain.numpy(), held.image_of.numpy()))
    scores = torch.rand(plain.shape, generator=torch.Generator().manual_seed(0))
    best = search(held, opened.base, scores=scores, k=2, batch_size=7)
    # By hand: an image's list holds its two captions of the highest scores; a right one elsewhere isn't found.
    for image, row in enumerate(scores.argsort(dim=1, descending=True)[:, :2]):
        right = [int(one) for one in row if held.image_of[one] == image]
        wrong = [int(one) for one in row if held.image_of[one] != image]
        if not right:
            assert best.text_ranks[image] >= len(held.captions)
            continue
        top = max(plain[image, one] for one in right)
        assert best.text_ranks[image] == sum(plain[image, one] >= top for one in wrong)


def test_a_clip_with_rows_for_some_ids_goes_to_transformers_with_all(fresh: Open, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    opened = fresh("clip")
    assert isinstance(opened.base, Clip)
    with pytest.raises(RecipeError, match="needs to know which"):
        export_model(opened.base, tmp_path / "clip")
    export_model(opened.base, tmp_path / "clip", rows=opened.rows)
    theirs = transformers.CLIPModel.from_pretrained(tmp_path / "clip").eval()
    text = opened.recipe().text
    assert text is not None
    captions = ["a b c", "zebras, of which there is no row"]
    found = theirs.get_text_features(**dict(zip(("input_ids", "attention_mask"), encode(captions, text), strict=True)))
    expected = opened.base.encode_texts(*opened.encode(captions, text))
    torch.testing.assert_close(torch.nn.functional.normalize(found.pooler_output, dim=-1), expected)


def test_captions_of_an_image_lie_together_whatever_the_rows_are(world: World, fresh: Open) -> None:
    by_caption = sources.AlbefCaptions(world.root / "albef/train.json", images=world.images)
    by_image = sources.KarpathyCaptions(world.karpathy, images=world.images, split="train")
    one, other = (held_of(fresh("clip"), data, Judging(options=None)) for data in (by_caption, by_image))
    assert len(by_caption) == 60
    assert len(one.images) == len(other.images) == 12
    assert torch.equal(one.image_of, other.image_of)
    assert one.captions == other.captions
    assert torch.equal(one.images, other.images)


def test_an_image_is_no_negative_of_itself(fresh: Open) -> None:
    """Of two batches of the same images, the second's targets are shared with the first's in the queue."""
    base = fresh("albef", queue=4).base
    assert isinstance(base, Albef)
    model = FusionRetriever(base)
    images, ids = torch.rand(4, 3, 32, 32), torch.randint(5, 20, (4, 6))
    numbers, draws = torch.tensor([1, 2, 1, 3]), torch.tensor([[0.99] * 4, [0.99] * 4])
    same_as_queue = []
    align = base.align

    def noting(*given: object) -> object:
        same_as_queue.append(given[-1])
        return align(*given)  # type: ignore[arg-type]

    base.align = noting  # type: ignore[method-assign, assignment]
    for _ in range(2):
        model(images, ids, torch.ones_like(ids), numbers, draws, 0.0)
    first, second = same_as_queue
    own = numbers[:, None] == numbers
    assert torch.equal(first, torch.cat([own, torch.zeros_like(own)], dim=1))
    assert torch.equal(second, torch.cat([own, own], dim=1))


@pytest.mark.parametrize("kind", ["clip", "vilt", "albef", "tcl"])
def test_all_models_are_tuned_and_evaluated_by_verbs(
    kind: str, world: World, saved: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    karpathy = [str(world.karpathy), "--images", str(world.images)]
    train = ["train", "retrieval", "--from", str(saved(kind)), "--data", *karpathy, "--split", "train"]
    few = ["--steps", "3", "--batch-size", "4", "--log-every", "1", "--save-every", "2", "--device", "cpu"]
    held = ["--held-out", str(world.karpathy), "--held-out-split", "val", "--image-size", "48"]
    assert main([*train, *few, *held, "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    judged = ["evaluate", "retrieval", str(tmp_path / "run"), "--data", *karpathy, "--split", "test", "--json", "-"]
    assert main([*judged, "--device", "cpu", *(["--k", "3"] if kind in ("albef", "tcl") else [])]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert sorted(figures) == ["ir@1", "ir@10", "ir@5", "rsum", "tr@1", "tr@10", "tr@5"]
    assert figures["rsum"] == pytest.approx(sum(value for name, value in figures.items() if name != "rsum"))
    tuned = open_checkpoint(tmp_path / "run")
    assert (tuned.kind, tuned.task, tuned.base.settings.image_size) == (kind, "retrieval", 48)


def test_a_split_is_named(
    world: World, saved: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a file that holds what is trained on and what is judged on."""
    data, few = ["--data", str(world.karpathy)], ["--steps", "1", "--batch-size", "4", "--device", "cpu"]
    out, held = ["--out", str(tmp_path / "run")], ["--held-out", str(world.karpathy)]
    train = ["train", "retrieval", "--from", str(saved("clip")), *data, *few, *out]
    pretrain = ["train", "pretrain", "--preset", "tiny", *data, *few, *out]
    for words, flag in (
        (train, "--split"),
        ([*train, "--split", "train", *held], "--held-out-split"),
        (pretrain, "--split"),
        ([*pretrain, "--data", str(world.karpathy), str(world.annotations("train"))], "--split"),
        ([*pretrain, "--split", "train", *held], "--held-out-split"),
        (["evaluate", "retrieval", str(saved("clip")), *data], "--split"),
        (["analyze", "embeddings", str(saved("clip")), *data], "--split"),
    ):
        assert main(words) == 1
        assert f"is of a file with several splits; name one, such as {flag}" in capsys.readouterr().err
    assert main([*pretrain, "--split", "train", *held, "--held-out-split", "val"]) == 0
    record = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert record["ir@10"] == 100, "of six images, where twelve are trained on"
    # Of several data sets those have a split that hold several.
    both = ["--data", str(world.karpathy), str(world.annotations("train")), "--split", "train", "--out"]
    capsys.readouterr()
    assert main([*pretrain[:-2], *both, str(tmp_path / "both")]) == 0
    told = capsys.readouterr().out
    rows = len(sources.KarpathyCaptions(world.karpathy, images=world.images, split="train"))
    assert told.count(f"{rows} rows") == 4, told
    plain = ["--data", *[str(world.annotations("train"))] * 2, "--split", "train", "--out"]
    assert main([*pretrain[:-2], *plain, str(tmp_path / "plain")]) == 1
    assert "no data set has several splits; leave it out" in capsys.readouterr().err


def test_words_are_the_models_own(saved: Callable[..., Path], tmp_path: Path) -> None:
    albef, clip = saved("albef") / "model", saved("clip") / "model"
    other = tmp_path / "other.txt"
    other.write_text(own_vocabulary(["many a word that the model was never told of"]), encoding="utf-8")
    own = open_checkpoint(albef, vocabulary=other).tokenizer
    assert isinstance(own, BertTokenizer)
    assert Path(own.vocabulary) == albef / "vocab.txt"
    (albef / "vocab.txt").unlink()
    with pytest.raises(CheckpointError, match=r"its vocabulary has \d+ words and the model \d+ rows; give the one"):
        open_checkpoint(albef, vocabulary=other)
    (clip / "rows.json").write_text('{"ids": [0, 5, 9]}')
    with pytest.raises(CheckpointError, match=r"has 49408 words, rows\.json 4 rows and the model \d+ rows"):
        open_checkpoint(clip)
    (clip / "rows.json").unlink()
    with pytest.raises(CheckpointError, match=r"has 49408 words and the model \d+ rows"):
        open_checkpoint(clip)


def test_a_prefilter_chooses_for_a_vilt(world: World, fresh: Open, saved: Callable[..., Path]) -> None:
    data = sources.KarpathyCaptions(world.karpathy, images=world.images, split="test")
    vilt, towers = fresh("vilt"), saved("clip")
    full = evaluate("retrieval", vilt, data)
    every = Judging(options=RetrievalOptions(k=6, prefilter=str(towers)))
    few = Judging(options=RetrievalOptions(k=1, prefilter=str(towers)))
    filtered = evaluate("retrieval", vilt, data, every)
    assert [filtered[f"ir@{cut}"] for cut in (1, 5, 10)] == [full[f"ir@{cut}"] for cut in (1, 5, 10)]
    # Of one candidate the towers have the say.
    alone = evaluate("retrieval", open_checkpoint(towers), data)
    assert [evaluate("retrieval", vilt, data, few)[way] for way in ("tr@1", "ir@1")] == [alone["tr@1"], alone["ir@1"]]


def test_a_step_learns_and_goes_on_where_it_stopped(world: World, fresh: Open, tmp_path: Path) -> None:
    data = sources.KarpathyCaptions(world.karpathy, images=world.images, split="train")
    settings = TuneSettings(steps=4, batch_size=4, log_every=1, save_every=2, warmup=0)
    whole = tune("retrieval", fresh("albef"), data, settings, folder=tmp_path / "whole")
    tune("retrieval", fresh("albef"), data, settings, folder=tmp_path / "cut", stop=2)
    rest = tune("retrieval", fresh("albef"), data, settings, folder=tmp_path / "cut")
    losses = [[record["loss"] for record in done.fit.records] for done in (whole, rest)]
    assert losses[0] == losses[1]
    assert rest.resumed == 2
    assert open_checkpoint(tmp_path / "cut").task == "retrieval"


def test_what_is_wrong_is_told(world: World, fresh: Open, saved: Callable[..., Path], tmp_path: Path) -> None:
    data = sources.KarpathyCaptions(world.karpathy, images=world.images, split="test")

    def judged(kind: str, **options: object) -> None:
        evaluate("retrieval", fresh(kind), data, Judging(options=RetrievalOptions(**options)))  # type: ignore[arg-type]

    with pytest.raises(RecipeError, match="k=7 of 6 images and 30 captions; use k=6 or fewer"):
        judged("albef", k=7)
    with pytest.raises(RecipeError, match="k=3 needs a prefilter"):
        judged("vilt", k=3)
    with pytest.raises(RecipeError, match="clip looks at no pair closely"):
        judged("clip", k=3)
    with pytest.raises(CheckpointError, match="it is a vilt, and a prefilter is for clip, albef, tcl"):
        judged("vilt", k=3, prefilter=str(saved("vilt")))
    few, late = TuneSettings(steps=1, batch_size=2), Judging(options=RetrievalOptions(k=7))
    with pytest.raises(RecipeError, match="k=7 of 6 images"):
        tune("retrieval", fresh("albef"), data, few, folder=tmp_path / "late", held_out=data, judging=late)
    assert not (tmp_path / "late").exists(), "told before a step is taken"
    settings = TuneSettings(steps=1, batch_size=3)
    with pytest.raises(RecipeError, match="a queue of 8 can't be filled by batches of 3; use queue=9"):
        tune("retrieval", fresh("albef"), data, settings, folder=tmp_path / "run")
    with pytest.raises(CheckpointError, match="there is no such file or folder"):
        open_checkpoint(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="say what a published file is of"):
        open_checkpoint(tmp_path)
    with pytest.raises(RecipeError, match="of one split; leave split= out"):
        sources.open(world.annotations("test"), images=world.images, split="test")


@pytest.mark.parametrize(
    ("change", "reason"), [({"model": ["albef"]}, "names none of our models"), ({"notes": [1]}, "notes without names")]
)
def test_a_config_of_another_make_is_refused(change: dict[str, Any], reason: str, saved: Callable[..., Path]) -> None:
    run = saved("albef")
    config = run / "model" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **change}))
    with pytest.raises(CheckpointError, match=reason):
        open_checkpoint(run)
