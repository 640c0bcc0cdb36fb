"""Captions: a beam that finds the likeliest, a decoder that learns what it is shown, and the verbs."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from impasto import RecipeError, SourceError, sources
from impasto_lab.cli import main
from impasto_lab.models import FusionSettings
from impasto_lab.models.heads import Decoder, generate
from impasto_lab.tasks.downstream import (
    CaptioningOptions,
    Judging,
    Opened,
    TuneSettings,
    evaluate,
    open_checkpoint,
    tune,
)
from impasto_lab.tasks.downstream.captioning.describing import begin, scores
from impasto_lab.tasks.downstream.captioning.wording import caption_words
from impasto_lab.worlds import World

Open = Callable[..., Opened]
JUDGING = Judging(options=CaptioningOptions())
BEGIN, END, NEVER, WORDS = 1, 2, 0, (3, 4, 5)


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    torch.manual_seed(4)
    made = Decoder(FusionSettings.preset("tiny", vocabulary=6, text_length=6)).eval()
    for parameter in made.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return made


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_beam_finds_the_likeliest_of_all(decoder: Decoder, penalty: float) -> None:
    """Of all texts of one to three words, each scored whole."""
    width, most = decoder.embeddings.word_embeddings.embedding_dim, 3
    read, mask = torch.randn(3, 4, width), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])
    texts = [text for count in range(1, most + 1) for text in itertools.product(WORDS, repeat=count)]
    wanted = []
    for row in range(3):
        likely = []
        for text in texts:
            ids = torch.tensor([[BEGIN, *text, END]])
            with torch.no_grad():
                logits = decoder(ids[:, :-1], read[row : row + 1], mask[row : row + 1])[0]  # [L, V]
            logits[:, [BEGIN, NEVER]] = float("-inf")
            logits[0, END] = float("-inf")
            total = logits.log_softmax(-1)[range(len(text) + 1), ids[0, 1:]].sum()
            likely.append(float(total) / (len(text) + 1) ** penalty)
        wanted.append(list(texts[max(range(len(texts)), key=likely.__getitem__)]))
    found = generate(
        decoder, read, mask, begin=BEGIN, end=END, beams=len(texts), length=most, penalty=penalty, forbidden=(NEVER,)
    )
    assert found == wanted
    assert len({tuple(one) for one in wanted}) > 1


def test_one_beam_takes_the_likeliest_word_each_time(decoder: Decoder) -> None:
    width = decoder.embeddings.word_embeddings.embedding_dim
    read, mask = torch.randn(4, 2, width), torch.ones(4, 2)
    found = generate(decoder, read, mask, begin=BEGIN, end=END, length=4, forbidden=(NEVER,))
    for row, told in enumerate(found):
        text = [BEGIN]
        while len(text) <= 4:
            with torch.no_grad():
                logits = decoder(torch.tensor([text]), read[row : row + 1], mask[row : row + 1])[0, -1]
            logits[[BEGIN, NEVER] + ([END] if len(text) == 1 else [])] = float("-inf")
            text.append(int(logits.argmax()))
            if text[-1] == END:
                break
        assert told == [id for id in text[1:] if id != END]
    with pytest.raises(RecipeError, match="use 5 or less"):
        generate(decoder, read, mask, begin=BEGIN, end=END, length=6)


def test_what_people_wrote_scores_the_most() -> None:
    references = [["A red bus, on a wet road.", "one bus"], ["Two cats asleep on a mat", "cats"]]
    assert caption_words(references[0][0]) == ["a", "red", "bus", "on", "a", "wet", "road"]
    best = scores([several[0] for several in references], references)
    assert best["BLEU-4"] == pytest.approx(100)
    other = scores([several[0] for several in reversed(references)], references)
    assert other["CIDEr-D"] < 0.2 * best["CIDEr-D"]


def test_what_is_shown_is_learned(world: World, fresh: Open, tmp_path: Path) -> None:
    whole = sources.open(world.annotations("train"), images=world.images)
    data = sources.Sequence([(whole[row].image, text) for row, text in enumerate(["a dog", "an old dog", "a cat"])])
    settings = TuneSettings(steps=110, batch_size=3, lr=3e-3, warmup=5, alpha=0.0, weight_decay=0.0, length=12)
    done = tune("captioning", fresh("albef"), data, settings, folder=tmp_path / "run", judging=JUDGING)
    for beams in (1, 3):
        out = tmp_path / str(beams)
        judging = Judging(options=CaptioningOptions(beams=beams), batch_size=2, out=out)
        assert evaluate("captioning", done.opened, data, judging)["BLEU-1"] == pytest.approx(100)
        told = json.loads((out / "captions_results.json").read_text())
        assert [one["caption"] for one in told] == ["a dog", "an old dog", "a cat"]


def test_it_is_trained_and_judged_by_verbs(
    world: World, saved: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = ["--data", str(world.root / "albef" / "train.json"), "--images", str(world.images)]
    words = ["train", "captioning", "--from", str(saved("tcl")), *listed, "--out", str(tmp_path / "run")]
    assert main([*words, "--steps", "2", "--batch-size", "4", "--device", "cpu", "--places", "3"]) == 0
    assert open_checkpoint(tmp_path / "run").notes["places"] == 3
    capsys.readouterr()
    judged = ["evaluate", "captioning", str(tmp_path / "run"), "--out", str(tmp_path / "out"), "--words", "4"]
    test = ["--data", str(world.annotations("test")), "--images", str(world.images)]
    assert main([*judged, *test, "--device", "cpu", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)["figures"]
    assert set(found) == {"BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr-D", "words"}
    results = json.loads((tmp_path / "out" / "captions_results.json").read_text())
    coco = json.loads(world.annotations("test").read_text())
    assert [one["image_id"] for one in results] == [one["id"] for one in coco["images"]]
    assert all(1 <= len(one["caption"].split()) <= 4 for one in results)
    # Of ALBEF's list, with a row for each caption, each image is told of once, and has all its references.
    assert main([*judged, *listed, "--device", "cpu", "--json", "-"]) == 0
    results = json.loads((tmp_path / "out" / "captions_results.json").read_text())
    entries = json.loads((world.root / "albef" / "train.json").read_text())
    assert len(results) == len({entry["image"] for entry in entries}) < len(entries)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("annotations/v2_OpenEnded_mscoco_val2014_questions.json", "questions"),
        ("annotations/snli_ve_val.jsonl", "hypotheses"),
        ("nlvr2/dev.json", "statements"),
        ("annotations/refcoco+_val.json", "expressions"),
    ],
)
def test_texts_that_tell_no_image(file: str, what: str, told: World, fresh: Open) -> None:
    captions = sources.open(told.annotations("val"), images=told.images)
    tuned = begin(fresh("albef"), captions, TuneSettings(batch_size=4), JUDGING, None).opened
    data = sources.open(told.root / file)
    name = rf"{re.escape(Path(file).name)}.* has {what}.*name the captions"
    with pytest.raises(SourceError, match=name):
        evaluate("captioning", tuned, data)
    with pytest.raises(SourceError, match=name):
        evaluate("captioning", tuned, data[:3])
    for train, held in ((data, None), (captions, data)):
        with pytest.raises(SourceError, match=name):
            begin(fresh("albef"), train, TuneSettings(batch_size=4), JUDGING, held)


def test_what_can_not_be_told(world: World, fresh: Open, tmp_path: Path) -> None:
    data = sources.open(world.annotations("train"), images=world.images)
    judging = Judging(options=CaptioningOptions(places=99))
    with pytest.raises(RecipeError, match="places=99: the model's texts have"):
        tune("captioning", fresh("albef"), data, TuneSettings(batch_size=4), folder=tmp_path / "run", judging=judging)
    with pytest.raises(RecipeError, match="length=99 of"):
        begin(fresh("albef"), data, TuneSettings(batch_size=4), Judging(options=CaptioningOptions(words=99)), data)
    tuned = begin(fresh("albef"), data, TuneSettings(batch_size=4), JUDGING, None).opened
    silent = sources.Sequence([(data[0].image, [])])
    with pytest.raises(RecipeError, match=r"has no captions, so nothing can be scored; .* \(out\)"):
        evaluate("captioning", tuned, silent)
    with pytest.raises(RecipeError, match="penalty=nan must be a number"):
        CaptioningOptions(penalty=math.nan)
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="out: what is more than figures can't be written: Not a directory"):
        evaluate("captioning", tuned, data, Judging(options=CaptioningOptions(), out=tmp_path / "file" / "out"))
    out = Judging(options=CaptioningOptions(words=3), out=tmp_path / "out")
    assert evaluate("captioning", tuned, silent, out) == {"images": 1}
