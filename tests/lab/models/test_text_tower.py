"""A BERT that reads captions in a model of ours: read as its package reads it, refused where it is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.errors import CheckpointError, RecipeError
from impasto_lab.models import Albef, Clip, ClipSettings, FusionSettings, Tcl
from impasto_lab.models.checkpoints import (
    TextTowerFile,
    export_model,
    load_text_tower,
    lock_text_tower,
    open_model,
    save_model,
)

transformers = pytest.importorskip("transformers")

IDS = torch.tensor([[5, 9, 7, 39, 0, 0], [8, 4, 3, 2, 6, 39]])
MASK = torch.tensor([[1, 1, 1, 1, 0, 0], [1] * 6])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A BERT of random weights, narrower than the model's own tower and deeper, with more places."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=40, hidden_size=48, num_hidden_layers=3, num_attention_heads=6, intermediate_size=192,
        max_position_embeddings=24, initializer_range=0.2,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(tmp_path / "bert")
    return tmp_path / "bert"


def _clip(file: TextTowerFile, **changes: Any) -> Clip:
    sizes: dict[str, Any] = {"vocabulary": file.vocabulary, "text_length": 12, **file.sizes, **changes}
    return Clip(ClipSettings.preset("tiny", text="bert", **sizes)).eval()


def test_a_sentence_encoder_reads_as_its_package_does(bert_vocabulary: Path) -> None:
    file = TextTowerFile.of(bert_vocabulary.parent)
    assert (file.vocabulary, file.length, file.width, file.layers, file.heads) == (30522, 512, 384, 6, 12)
    assert file.words.read_bytes() == bert_vocabulary.read_bytes()
    model = _clip(file, dim=384, text_length=32)
    load_text_tower(model, file.path)
    torch.nn.init.eye_(model.text.project.weight)
    theirs = transformers.BertModel.from_pretrained(file.path).eval()
    captions = ["a dog runs on the grass", "a puppy is running over a lawn of some size", "the stock market fell"]
    given = transformers.AutoTokenizer.from_pretrained(file.path)(captions, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden, seen = theirs(**given).last_hidden_state, given["attention_mask"][:, :, None]
        mean = torch.nn.functional.normalize((hidden * seen).sum(dim=1) / seen.sum(dim=1), dim=1)
        ours = model.encode_texts(given["input_ids"], given["attention_mask"])
    assert torch.allclose(ours, mean, atol=1e-5)
    near, far = ours[0] @ ours[1], ours[0] @ ours[2]
    assert near > 0.6 > 0.2 > far, "sentences of one meaning lie together"


@pytest.mark.parametrize("kind", [Albef, Tcl])
def test_it_is_the_first_layers_of_a_fusion_model(folder: Path, kind: type[Albef]) -> None:
    file, theirs = TextTowerFile.of(folder), transformers.BertModel.from_pretrained(folder).eval()
    model = kind(FusionSettings.preset("tiny", vocabulary=40, text_length=12, queue=8, **file.sizes)).eval()
    fusing = {name: t.clone() for name, t in model.state_dict().items() if ".crossattention." in name}
    load_text_tower(model, folder)
    for towers in (model.towers, model.teacher):
        text = towers.text_encoder.bert(IDS, MASK)
        assert torch.allclose(text[MASK.bool()], theirs(IDS, MASK).last_hidden_state[MASK.bool()], atol=1e-5)
    assert all(torch.equal(model.state_dict()[name], t) for name, t in fusing.items())
    lock_text_tower(model)
    locked = {name for name, one in model.towers.named_parameters() if not one.requires_grad}
    layers = tuple(f"text_encoder.bert.encoder.layer.{n}." for n in range(3))
    assert locked == {
        name
        for name, _ in model.towers.named_parameters()
        if name.startswith((*layers, "text_encoder.bert.embeddings."))
    }


def test_rows_are_those_of_the_ids(folder: Path) -> None:
    file, whole = TextTowerFile.of(folder), transformers.BertModel.from_pretrained(folder).eval()
    ids = [0, 2, 3, 5, 7, 8, 9, 39, 1]
    model = _clip(file, vocabulary=len(ids))
    load_text_tower(model, folder, ids=ids)
    rows = torch.tensor([[3, 6, 4, 7]])
    assert torch.allclose(
        model.text.bert(rows, torch.ones_like(rows)), whole(torch.tensor([[5, 9, 7, 39]])).last_hidden_state, atol=1e-5
    )
    with pytest.raises(RecipeError, match=r"id 40 has no row.* has 40; give its own vocab\.txt"):
        load_text_tower(model, folder, ids=[*ids[:-1], 40])


def test_it_is_saved_and_opened(folder: Path, tmp_path: Path) -> None:
    model = _clip(TextTowerFile.of(folder))
    load_text_tower(model, folder)
    save_model(model, tmp_path / "model")
    opened = open_model(tmp_path / "model")
    assert isinstance(opened, Clip)
    assert torch.equal(opened.encode_texts(IDS, MASK), model.encode_texts(IDS, MASK))
    with pytest.raises(RecipeError, match="transformers have no CLIP whose text tower is a BERT"):
        export_model(model, tmp_path / "exported")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model_type": "roberta"}, r"its config\.json has model_type 'roberta'; a text tower is a BERT"),
        ({"hidden_act": "relu"}, "hidden_act 'relu'"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key'"),
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps 1e-05"),
        ({"is_decoder": True}, "is_decoder True"),
        ({"num_attention_heads": None}, "num_attention_heads None; copy it again"),
        (None, r"there is no config\.json beside it"),
    ],
)
def test_what_is_no_bert_is_refused(folder: Path, changed: dict[str, Any] | None, message: str) -> None:
    config = folder / "config.json"
    if changed is None:
        config.unlink()
    else:
        config.write_text(json.dumps(json.loads(config.read_text()) | changed))
    with pytest.raises(CheckpointError, match=message):
        TextTowerFile.of(folder)


def test_a_cased_bert_is_refused(folder: Path) -> None:
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\nthe\n##S\n")
    TextTowerFile.of(folder)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\nthe\nThe\n")
    with pytest.raises(CheckpointError, match="a cased BERT, and captions are read in small letters"):
        TextTowerFile.of(folder)
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    TextTowerFile.of(folder)
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    with pytest.raises(CheckpointError, match="a cased BERT"):
        TextTowerFile.of(folder)


@pytest.mark.parametrize("kind", ["BertForPreTraining", "BertForSequenceClassification", "BertForQuestionAnswering"])
def test_heads_are_left_out(folder: Path, tmp_path: Path, kind: str) -> None:
    headed = getattr(transformers, kind)(transformers.BertConfig.from_pretrained(folder))
    headed.save_pretrained(tmp_path / "headed")
    model = _clip(TextTowerFile.of(tmp_path / "headed"))
    load_text_tower(model, tmp_path / "headed")
    ours, theirs = model.text.bert(IDS, MASK), headed.eval().bert(IDS, MASK).last_hidden_state
    assert torch.allclose(ours[MASK.bool()], theirs[MASK.bool()], atol=1e-5)


def test_what_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    file = TextTowerFile.of(folder)
    shallow: dict[str, Any] = {**file.sizes, "text_layers": 2, "text_length": 12}
    with pytest.raises(RecipeError, match="a Clip has no BERT"):
        load_text_tower(Clip(ClipSettings.preset("tiny", vocabulary=40)), folder)
    with pytest.raises(CheckpointError, match=r"it has encoder\.layer\.2\..* the model has 2 layers"):
        load_text_tower(Albef(FusionSettings.preset("tiny", vocabulary=40, **shallow)), folder)
    with pytest.raises(CheckpointError, match="lacks"):
        load_text_tower(_clip(file, text_layers=4), folder)
    with pytest.raises(CheckpointError, match=r"places for 24 tokens and the model for 25; use length=24"):
        load_text_tower(_clip(file, text_length=25), folder)
    with pytest.raises(CheckpointError, match="where"):
        load_text_tower(_clip(file, text_width=96), folder)
    shutil.copy(folder / "config.json", tmp_path / "config.json")
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="can't be read as weights"):
        TextTowerFile.of(tmp_path)
