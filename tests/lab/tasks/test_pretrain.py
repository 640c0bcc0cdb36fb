"""Pretraining: every model learns 32 pairs by heart, and what it is given is judged."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import impasto
from impasto.batch import BatchId
from impasto_lab.models import (
    Albef,
    Clip,
    ClipSettings,
    FusionDraw,
    FusionSettings,
    Tcl,
    Vilt,
    ViltDraw,
    ViltSettings,
    Words,
)
from impasto_lab.models.checkpoints import text_tower
from impasto_lab.tasks import ContrastiveTask, HeldOut
from impasto_lab.tasks.downstream import open_checkpoint
from impasto_lab.tasks.pretrain import FusionPretraining, PretrainSettings, ViltPretraining, pretrain
from impasto_lab.training import Fit, FitSettings, fit

PAIRS = 32
WORDS = [f"{first}{second}" for first in "abcdef" for second in "aeiou"]


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> impasto.sources.CocoCaptions:
    """Images of 4x4 colors, each with a caption of six words that no other begins with."""
    folder, draw = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    images, annotations = [], []
    for number in range(PAIRS):
        squares = Image.fromarray(draw.integers(0, 256, (4, 4, 3), np.uint8))
        file = io.BytesIO()
        squares.resize((32, 32), Image.Resampling.NEAREST).save(file, "PNG")
        (folder / f"{number}.png").write_bytes(file.getvalue())
        words = [WORDS[number % 30], WORDS[number // 30], *(WORDS[at] for at in draw.integers(0, 30, 4))]
        images.append({"id": number, "file_name": f"{number}.png"})
        annotations.append({"id": number, "image_id": number, "caption": " ".join(words)})
    path = folder / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return impasto.sources.CocoCaptions(path, images=folder)


def _recipe(vocabulary: Path, *, views: int = 1) -> impasto.Recipe:
    image = impasto.ImageRecipe(size=32, crop="none")
    text = impasto.TextRecipe(tokenizer=impasto.BertTokenizer(vocabulary=vocabulary), length=12)
    return impasto.Recipe(image=(image,) * views if views > 1 else image, text=text, mix=None)


def _fit(task: object, data: object, recipe: impasto.Recipe, steps: int, lr: float) -> dict[str, float]:
    loader = impasto.Loader(data, recipe, batch_size=PAIRS, workers=0, shuffle=False)
    settings = FitSettings(steps=steps, lr=lr, weight_decay=0.0, warmup=10, log_every=steps)
    return fit(task, loader, settings).scores


FOUND = ("tr@1", "ir@1")

pytestmark = pytest.mark.timeout(300)  # about 20 CPU-seconds a model, on a machine that may be busy


class _FixedVilt(ViltPretraining):
    """Draws for every batch what it draws for the first."""

    def step(self, batch: impasto.Batch) -> Mapping[str, Tensor]:
        return super().step(batch.changed(id=BatchId()))


class _FixedFusion(FusionPretraining):
    """Draws for every batch what it draws for the first."""

    def step(self, batch: impasto.Batch) -> Mapping[str, Tensor]:
        return super().step(batch.changed(id=BatchId()))


@pytest.mark.slow
def test_clip_learns_pairs_by_heart(data: impasto.sources.CocoCaptions, vocabulary: Path) -> None:
    torch.manual_seed(0)
    recipe = _recipe(vocabulary)
    model = Clip(ClipSettings.preset("tiny", vocabulary=35))
    scores = _fit(ContrastiveTask(model, HeldOut.of(data, recipe)), data, recipe, 80, 3e-3)
    assert [scores[name] for name in FOUND] == [100, 100]


@pytest.mark.slow
def test_vilt_learns_fixed_pairs_by_heart(data: impasto.sources.CocoCaptions, vocabulary: Path) -> None:
    torch.manual_seed(0)
    recipe, words = _recipe(vocabulary), Words.read(vocabulary)
    model, held = Vilt(ViltSettings.preset("tiny", vocabulary=35)), HeldOut.of(data, recipe)
    task = _FixedVilt(model, words, held)
    loader = impasto.Loader(data, recipe, batch_size=PAIRS, workers=0, shuffle=False)
    done = fit(task, loader, FitSettings(steps=100, lr=2e-3, weight_decay=0.0, warmup=10))
    draw = ViltDraw.of(held.input_ids, words, seed=0, id=BatchId())
    losses = model.eval()(held.images, held.input_ids, held.attention_mask, draw)
    assert losses["itm"] < 0.05
    assert losses["mlm"] < 0.1
    # Words come to lie on the patches of their own image, and off those of another.
    assert losses["wpa"] < done.records[0]["wpa"] - 0.02
    scores = held.matches(model)
    wrong = draw.images != torch.arange(PAIRS)
    assert scores.shape == (PAIRS, PAIRS)
    assert scores.diagonal()[~wrong].min() > scores[draw.images, torch.arange(PAIRS)][wrong].max()


@pytest.mark.slow
def test_vilt_finds_all_pairs(data: impasto.sources.CocoCaptions, vocabulary: Path) -> None:
    """With other wrong images in each step, of which fixed ones teach only themselves; 40 CPU-seconds."""
    torch.manual_seed(0)
    recipe, model = _recipe(vocabulary), Vilt(ViltSettings.preset("tiny", vocabulary=35))
    scores = _fit(ViltPretraining(model, Words.read(vocabulary), HeldOut.of(data, recipe)), data, recipe, 700, 3e-3)
    assert [scores[name] for name in FOUND] == [100, 100]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "momentum", "ramp", "lr"), [(Albef, 0.9, 0, 2e-3), (Tcl, 0.8, 150, 3e-3)])
def test_fusion_models_learn_pairs_by_heart(
    kind: type[Albef], momentum: float, ramp: int, lr: float, data: impasto.sources.CocoCaptions, vocabulary: Path
) -> None:
    torch.manual_seed(0)
    recipe, words = _recipe(vocabulary, views=2 if kind is Tcl else 1), Words.read(vocabulary)
    model = kind(FusionSettings.preset("tiny", vocabulary=35, queue=0, momentum=momentum))
    held = HeldOut.of(data, recipe)
    scores = _fit(_FixedFusion(model, words, held, ramp=ramp), data, recipe, 150, lr)
    draw = FusionDraw.of(held.input_ids, words, seed=0, id=BatchId())
    given = (held.images, held.input_ids, held.attention_mask, draw)
    model.eval()
    plain, taught = (model(*given, alpha=alpha, other_view=held.images) for alpha in (0.0, 0.4))
    assert [scores[name] for name in FOUND] == [100, 100]
    assert plain["itm"] < 0.05
    assert plain["mlm"] < 0.1
    across = (taught["i2t"] + taught["t2i"]) / 2 if kind is Tcl else taught["ita"]
    assert across - taught["ita_entropy"] < 0.05


def test_what_pretraining_is_given_is_judged(data: impasto.sources.CocoCaptions, vocabulary: Path) -> None:
    words = Words.read(vocabulary)
    with pytest.raises(impasto.RecipeError, match="35 ids and the model 30522; use vocabulary=35"):
        ViltPretraining(Vilt(ViltSettings.preset("tiny")), words)
    one_view = next(iter(impasto.Loader(data, _recipe(vocabulary), batch_size=8, workers=0)))
    tcl = Tcl(FusionSettings.preset("tiny", vocabulary=35, queue=12))
    with pytest.raises(impasto.RecipeError, match="two views"):
        FusionPretraining(tcl, words).step(one_view)
    albef = Albef(FusionSettings.preset("tiny", vocabulary=35, queue=12))
    with pytest.raises(impasto.RecipeError, match="use queue=16"):
        FusionPretraining(albef, words).step(one_view)


def test_broken_samples_are_replaced_within_a_budget(data: impasto.sources.CocoCaptions, tmp_path: Path) -> None:
    colors = [(data.index.path(row), data.index.caption(row, 0)) for row in range(PAIRS - 2)]
    spoiled = impasto.sources.Sequence([(b"<html>", "a web page"), (colors[0][0], ""), *colors])
    settings = PretrainSettings.of("clip", "tiny", steps=1)
    with pytest.raises(impasto.ImpastoError, match="sample"):
        pretrain(spoiled, settings, folder=tmp_path / "strict")
    pretrain(spoiled, settings, folder=tmp_path / "run", budget=0.01)
    noted = (tmp_path / "run" / "bad_samples.jsonl").read_text().splitlines()
    assert {json.loads(line)["error"] for line in noted} == {"DecodeError", "CaptionError"}


@pytest.mark.parametrize("model", ["vilt", "albef"])
def test_the_loop_gets_what_the_settings_say(
    model: Any, data: impasto.sources.CocoCaptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Any] = []

    def fitted(*given: Any, **_: Any) -> Fit:
        got.extend(given)
        return Fit()

    monkeypatch.setattr("impasto_lab.tasks.pretrain.running.fit", fitted)
    pretrain(data, PretrainSettings.of(model, "tiny", batch_size=8, steps=7, seed=3, lr=1e-4), folder=tmp_path)
    task, loader, settings = got
    assert (task.seed, loader.state_dict()["drawing_seed"], settings.seed) == (3, 3, 3)
    assert (settings.steps, settings.lr) == (7, 1e-4)
    if model == "albef":
        assert task.ramp == PAIRS // 8, "the teacher's weight grows over the first epoch"


def test_the_teachers_weight_grows_with_the_batches(vocabulary: Path) -> None:
    model = Albef(FusionSettings.preset("tiny", vocabulary=35))
    task = FusionPretraining(model, Words.read(vocabulary), ramp=8)
    weights = [task.weight(BatchId(epoch, step, number)) for epoch, step, number in ((0, 0, 0), (0, 2, 2), (1, 0, 9))]
    assert weights == pytest.approx([0, 0.1, 0.4])


def test_a_pretraining_begins_from_bert_and_deit(
    data: impasto.sources.CocoCaptions, vocabulary: Path, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    bert = transformers.BertForPreTraining(
        transformers.BertConfig(
            vocab_size=5 + len(WORDS), hidden_size=64, num_hidden_layers=4, num_attention_heads=4,
            intermediate_size=256, max_position_embeddings=48, pad_token_id=None,
        )
    )  # fmt: skip
    bert.save_pretrained(tmp_path / "bert")
    vit = Albef(FusionSettings.preset("tiny")).towers.visual_encoder.state_dict()
    torch.save({"model": vit}, tmp_path / "deit.pth")
    begin = (tmp_path / "bert", tmp_path / "deit.pth")

    def settings(**changes: Any) -> PretrainSettings:
        still = {"steps": 1, "lr": 1e-12, "weight_decay": 0.0, "compact": False, "length": 20}
        return PretrainSettings.of("albef", "tiny", batch_size=8, **still | changes)

    made = pretrain(data, settings(), folder=tmp_path / "run", vocabulary=vocabulary, begin=begin)
    assert isinstance(made.model, Albef)
    found, theirs = made.model.towers.text_encoder.bert.state_dict(), bert.bert.state_dict()
    for name in ("embeddings.word_embeddings.weight", "encoder.layer.3.output.dense.weight"):
        torch.testing.assert_close(found[name], theirs[name])
    positions = "embeddings.position_embeddings.weight"
    torch.testing.assert_close(found[positions], theirs[positions][: len(found[positions])])
    assert len(found[positions]) < 48
    torch.testing.assert_close(made.model.towers.visual_encoder.state_dict()["pos_embed"], vit["pos_embed"])
    for changes, words in (({"compact": True}, vocabulary), ({}, None)):
        with pytest.raises(impasto.RecipeError, match=r"own vocab\.txt"):
            pretrain(data, settings(**changes), folder=tmp_path / "other", vocabulary=words, begin=begin)
    assert not (tmp_path / "other").exists()


def test_a_vilt_begins_from_a_vit(data: impasto.sources.CocoCaptions, vocabulary: Path, tmp_path: Path) -> None:
    torch.manual_seed(3)
    vit = Vilt(ViltSettings.preset("tiny")).transformer.state_dict()
    torch.save(vit, tmp_path / "vit.pth")
    settings = PretrainSettings.of("vilt", "tiny", batch_size=8, steps=1, lr=1e-12, weight_decay=0.0)
    made = pretrain(data, settings, folder=tmp_path / "run", vocabulary=vocabulary, begin=(None, tmp_path / "vit.pth"))
    assert isinstance(made.model, Vilt)
    found = made.model.transformer.state_dict()
    torch.testing.assert_close(found["blocks.0.mlp.fc1.weight"], vit["blocks.0.mlp.fc1.weight"])
    with pytest.raises(impasto.RecipeError, match="a ViLT from a ViT alone"):
        pretrain(data, settings, folder=tmp_path / "other", begin=(tmp_path / "bert", tmp_path / "vit.pth"))
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("ratio", "rows"), [(0.5, 4), (1.0, 8)])
def test_a_share_of_each_batch_is_mixed(
    ratio: float, rows: int, data: impasto.sources.CocoCaptions, vocabulary: Path, tmp_path: Path
) -> None:
    settings = PretrainSettings.of("albef", "tiny", batch_size=8, steps=1, ratio=ratio)
    recipe = pretrain(data, settings, folder=tmp_path, vocabulary=vocabulary).recipe
    batch = next(iter(impasto.Loader(data, recipe, batch_size=8, workers=0)))
    mixed = (np.asarray(batch.plan.lams) < 1).sum()
    assert mixed == rows and json.loads((tmp_path / "run.json").read_text())["recipe"]["mix"]["ratio"] == ratio


def test_a_clip_goes_on_with_its_own_merges(
    data: impasto.sources.CocoCaptions, clip_vocabulary: Path, tmp_path: Path
) -> None:
    lines = gzip.decompress(clip_vocabulary.read_bytes()).decode().split("\n")
    assert len(lines) > 48_000
    lines[40_000], lines[40_001] = lines[40_001], lines[40_000]  # of no word of the data's
    other = tmp_path / "merges.txt.gz"
    other.write_bytes(gzip.compress("\n".join(lines).encode()))
    settings = PretrainSettings.of("clip", "tiny", batch_size=8, steps=2)
    pretrain(data, settings, folder=tmp_path / "run", vocabulary=clip_vocabulary, stop=1)
    with pytest.raises(impasto.errors.CheckpointError, match="words was"):
        pretrain(data, settings, folder=tmp_path / "run", vocabulary=other)
    pretrain(data, settings, folder=tmp_path / "run", vocabulary=clip_vocabulary)


@pytest.mark.parametrize("model", ["clip", "tcl"])
def test_a_pretraining_reads_captions_by_a_bert_that_is_there(
    model: Any, data: impasto.sources.CocoCaptions, vocabulary: Path, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    for name, rows in (("bert", 35), ("other", 35), ("padded", 64)):
        config = transformers.BertConfig(
            vocab_size=rows, hidden_size=48, num_hidden_layers=1, num_attention_heads=6,
            intermediate_size=192, max_position_embeddings=40,
        )  # fmt: skip
        transformers.BertModel(config).save_pretrained(tmp_path / name)
        (tmp_path / name / "vocab.txt").write_bytes(vocabulary.read_bytes())
    theirs = transformers.BertModel.from_pretrained(tmp_path / "bert").state_dict()

    def run(folder: str, *, tower: str | None = "bert", stop: int | None = None, **changes: Any) -> Any:
        settings = PretrainSettings.of(model, "tiny", batch_size=8, steps=2, **changes)
        file = None if tower is None else tmp_path / tower
        return pretrain(data, settings, folder=tmp_path / folder, text_tower=file, stop=stop)

    run("locked", lock_text=True, stop=1)
    with pytest.raises(impasto.errors.CheckpointError, match="text_tower was"):
        run("locked", lock_text=True, tower="other")
    run("locked", lock_text=True)
    opened = open_checkpoint(tmp_path / "locked")
    assert opened.compact is None
    assert isinstance(opened.tokenizer, impasto.BertTokenizer)
    locked = text_tower(opened.base).state_dict()
    table = "embeddings.word_embeddings.weight"
    for name in (table, "encoder.layer.0.output.dense.weight"):
        assert torch.equal(locked[name], theirs[name]), name
    run("padded", lock_text=True, tower="padded")
    padded = text_tower(open_checkpoint(tmp_path / "padded").base).state_dict()[table]
    assert torch.equal(padded, transformers.BertModel.from_pretrained(tmp_path / "padded").state_dict()[table][:35])
    # Rows for the words that the data has; the last is of all others. A step moves them by its learning rate.
    run("moved", lr=1e-3, warmup=0, weight_decay=0.0)
    moved = open_checkpoint(tmp_path / "moved")
    assert moved.compact is not None
    own = text_tower(moved.base).state_dict()[table]
    assert len(own) == len(moved.compact.ids) + 1
    ids = [*moved.compact.ids, 1]
    assert 0 < (own - theirs[table][ids]).abs().max() < 3e-3
    with pytest.raises(impasto.RecipeError, match="lock_text keeps a text_tower"):
        run("refused", tower=None, lock_text=True)
    (tmp_path / "bert" / "vocab.txt").write_text(vocabulary.read_text() + "more\n")
    with pytest.raises(impasto.RecipeError, match=r"has 36 words and the text tower 35 rows; give its own vocab\.txt"):
        run("refused")
    with pytest.raises(impasto.RecipeError, match="no text tower"):
        pretrain(data, PretrainSettings.of("vilt", "tiny"), folder=tmp_path / "refused", text_tower=tmp_path / "bert")
    begin = (tmp_path / "bert", tmp_path / "bert")
    with pytest.raises(impasto.RecipeError, match="from a BERT or from a text tower" if model == "tcl" else "nothing"):
        pretrain(
            data, PretrainSettings.of(model, "tiny"), folder=tmp_path / "refused", begin=begin,
            text_tower=tmp_path / "other",
        )  # fmt: skip
    assert not (tmp_path / "refused").exists()
    if model == "tcl":
        with pytest.raises(impasto.errors.CheckpointError, match=r"begun with other data, or with a vocabulary or a"):
            run("moved", tower=None)
