"""Weights in the layouts that users have, randomly filled: read as their packages read them, refused where wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from torch import Tensor, nn

from impasto.errors import CheckpointError, RecipeError
from impasto_lab.models import Albef, Clip, ClipSettings, FusionSettings, Tcl, Vilt, ViltSettings
from impasto_lab.models.checkpoints import (
    begin_from,
    export_model,
    load_albef,
    load_clip,
    load_tcl,
    load_vilt,
    open_model,
    save_model,
)

transformers = pytest.importorskip("transformers")

IMAGES = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
IDS = torch.tensor([[5, 9, 7, 39, 0, 0], [8, 4, 3, 2, 6, 39], [39, 0, 0, 0, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 0, 0], [1] * 6, [1, 0, 0, 0, 0, 0]])
CLIP = ClipSettings.preset("tiny", vocabulary=40, text_length=6, activation="quick_gelu")
VILT = ViltSettings.preset("tiny", vocabulary=40, text_length=6)
FUSION = FusionSettings.preset("tiny", vocabulary=40, queue=8)


def _randomized(model: Any) -> Any:
    draw = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draw) / max(parameter.shape[-1:] or (8,)) ** 0.5
    return model.eval()


def _same(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, atol=2e-5)


@pytest.mark.parametrize("quick", [False, True])
def test_a_clip_of_open_clip(tmp_path: Path, quick: bool) -> None:
    tower = {"width": 128, "layers": 2}
    theirs = _randomized(
        open_clip.CLIP(
            24, {"image_size": 32, "patch_size": 8, "head_width": 64, **tower},
            {"context_length": 6, "vocab_size": 40, "heads": 2, **tower}, quick_gelu=quick,
        )
    )  # fmt: skip
    path = tmp_path / "weights.pt"
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in theirs.state_dict().items()}}, path)
    ours = load_clip(path, activation="quick_gelu" if quick else "gelu")
    assert _same(ours.encode_images(IMAGES), theirs.encode_image(IMAGES, normalize=True))
    assert _same(ours.encode_texts(IDS, MASK), theirs.encode_text(IDS, normalize=True))


@pytest.mark.parametrize("quick", [False, True])
def test_a_folder_of_open_clip_says_what_no_weight_tells(tmp_path: Path, quick: bool) -> None:
    image = {"image_size": 32, "patch_size": 8, "head_width": 80, "width": 320, "layers": 1}
    text = {"context_length": 6, "vocab_size": 40, "heads": 8, "width": 128, "layers": 1}
    theirs = _randomized(open_clip.CLIP(24, image, text, quick_gelu=quick))
    torch.save(theirs.state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    said = {"embed_dim": 24, "vision_cfg": image, "text_cfg": text} | ({"quick_gelu": True} if quick else {})
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": said}))
    ours = load_clip(tmp_path)
    assert _same(ours.encode_images(IMAGES), theirs.encode_image(IMAGES, normalize=True))
    assert _same(ours.encode_texts(IDS, MASK), theirs.encode_text(IDS, normalize=True))


def test_a_file_of_vit_h_has_wider_heads(tmp_path: Path) -> None:
    tower = {"patch_size": 16, "image_size": 32, "head_width": 80, "width": 1280, "layers": 1}
    text = {"context_length": 6, "vocab_size": 40, "heads": 1, "width": 64, "layers": 1}
    torch.save(open_clip.CLIP(24, tower, text).state_dict(), tmp_path / "weights.pt")
    assert load_clip(tmp_path / "weights.pt", activation="gelu").settings.image_heads == 16


def test_a_clip_goes_to_transformers_and_back(tmp_path: Path) -> None:
    ours = _randomized(Clip(CLIP))
    export_model(ours, tmp_path / "clip", rows=torch.arange(40))
    theirs = transformers.CLIPModel.from_pretrained(tmp_path / "clip").eval()
    images = theirs.get_image_features(pixel_values=IMAGES).pooler_output
    texts = theirs.get_text_features(input_ids=IDS, attention_mask=MASK).pooler_output
    assert _same(ours.encode_images(IMAGES), nn.functional.normalize(images, dim=-1))
    assert _same(ours.encode_texts(IDS, MASK), nn.functional.normalize(texts, dim=-1))
    theirs.save_pretrained(tmp_path / "again")
    again = load_clip(tmp_path / "again")
    assert again.settings == CLIP
    assert all(torch.equal(tensor, ours.state_dict()[name]) for name, tensor in again.state_dict().items())


def test_a_vilt_goes_to_transformers_and_back(tmp_path: Path) -> None:
    """Images of two sizes, the smaller padded; their patches come in a drawn order, so words' logits are compared."""
    ours = _randomized(Vilt(VILT))
    export_model(ours, tmp_path / "vilt")
    theirs = transformers.ViltForMaskedLM.from_pretrained(tmp_path / "vilt").eval()
    pixels = torch.ones(3, 32, 32, dtype=torch.int64)
    pixels[1, 16:] = 0
    grids = torch.tensor([[4, 4], [2, 4], [4, 4]])
    expected = theirs(input_ids=IDS, attention_mask=MASK, pixel_values=IMAGES, pixel_mask=pixels).logits
    words, _, real = ours.join(IMAGES, IDS, MASK, grids)
    assert real.sum(dim=1).tolist() == [17, 9, 17]
    assert _same(ours.mlm_score(words)[MASK.bool()], expected[MASK.bool()])
    theirs.save_pretrained(tmp_path / "again")
    again, fresh = load_vilt(tmp_path / "again")
    assert fresh == ("matching",)
    assert again.settings == VILT
    kept = {name: tensor for name, tensor in again.state_dict().items() if not name.startswith("itm_score")}
    assert all(torch.equal(tensor, ours.state_dict()[name]) for name, tensor in kept.items())


def test_an_official_vilt(tmp_path: Path) -> None:
    ours = _randomized(Vilt(ViltSettings.preset("tiny", vocabulary=40, width=128, heads=2)))
    weights = ours.state_dict() | {"text_embeddings.position_ids": torch.arange(40)[None]}
    torch.save({"state_dict": weights, "epoch": 3}, tmp_path / "vilt.ckpt")
    again, fresh = load_vilt(tmp_path / "vilt.ckpt")
    assert fresh == ()
    assert torch.equal(again.match(IMAGES, IDS, MASK), ours.match(IMAGES, IDS, MASK))


QUEUE = {"queue.images": "image_queue", "queue.texts": "text_queue", "queue.place": "queue_ptr"}


def _published(model: Albef) -> dict[str, Tensor]:
    """An ALBEF's tensors as its published .pth has them."""
    weights = {}
    for name, tensor in model.state_dict().items():
        tower, _, rest = name.partition(".")
        part, _, inner = rest.partition(".")
        name = {"towers": f"{part}.{inner}", "teacher": f"{part}_m.{inner}"}.get(tower, name)
        weights[
            {"queue.images": "image_queue", "queue.texts": "text_queue", "queue.place": "queue_ptr"}.get(name, name)
        ] = tensor
    weights["queue_ptr"] = weights["queue_ptr"].reshape(1)
    for encoder in ("text_encoder", "text_encoder_m"):
        weights[f"{encoder}.bert.embeddings.position_ids"] = torch.arange(32)[None]
        weights[f"{encoder}.cls.predictions.decoder.bias"] = weights[f"{encoder}.cls.predictions.bias"]
        table = weights[f"{encoder}.bert.embeddings.word_embeddings.weight"]
        weights[f"{encoder}.cls.predictions.decoder.weight"] = table
    return weights


@pytest.mark.parametrize(("kind", "load"), [(Albef, load_albef), (Tcl, load_tcl)])
def test_a_published_fusion_model(tmp_path: Path, kind: type[Albef], load: Any) -> None:
    model, path = _randomized(kind(FUSION)), tmp_path / "model.pth"
    torch.save({"model": _published(model), "optimizer": {"lr": 1e-4}, "epoch": 29}, path)
    again = load(path, FUSION)
    assert type(again) is kind
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in again.state_dict().items())

    larger = load(path, FusionSettings.preset("tiny", vocabulary=40, queue=16, image_size=48))
    grown = larger.towers.visual_encoder.pos_embed
    square = model.towers.visual_encoder.pos_embed[:, 1:].reshape(1, 4, 4, 64).permute(0, 3, 1, 2)
    expected = nn.functional.interpolate(square, size=(6, 6), mode="bicubic").flatten(2).mT
    assert torch.equal(grown[:, 1:], expected)
    assert larger.queue.images.shape == (32, 16)


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    path, weights = tmp_path / "model.pth", _published(_randomized(Albef(FUSION)))
    wrong = {
        "another width": (weights | {"vision_proj.bias": torch.zeros(7)}, r"vision_proj.bias is \[7\]"),
        "a key too many": (weights | {"head.weight": torch.zeros(1)}, "has unknown head.weight"),
        "not tied": (weights | {"text_encoder.cls.predictions.decoder.weight": torch.zeros(40, 64)}, "differ"),
        "not finite": (weights | {"itm_head.bias": torch.tensor([0.0, float("nan")])}, "not finite"),
        "no weights": ({"epoch": 3}, "holds no weights"),
        "another model": ({"conv1.weight": torch.zeros(1)}, "it lacks"),
    }
    for content, message in wrong.values():
        torch.save(content, path)
        with pytest.raises(CheckpointError, match=message):
            load_albef(path, FUSION)
    for damaged in (path.read_bytes()[:99], b"junk"):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="can't be read"):
            load_albef(path, FUSION)
    with pytest.raises(CheckpointError, match="does not exist"):
        load_clip(tmp_path / "nothing.pt")
    torch.save(weights, path)
    with pytest.raises(CheckpointError, match="no CLIP"):
        load_clip(path)


def test_an_albef_begins_from_bert_and_deit(tmp_path: Path) -> None:
    bert = transformers.BertForPreTraining(
        transformers.BertConfig(
            vocab_size=40, hidden_size=64, num_hidden_layers=4, num_attention_heads=4, intermediate_size=256,
            max_position_embeddings=32, pad_token_id=None,
        )
    )  # fmt: skip
    _randomized(bert).save_pretrained(tmp_path / "bert")
    model = Albef(FUSION)
    untouched = model.towers.text_encoder.bert.encoder.layer[3].crossattention.self.key.weight.clone()
    vit = {name: torch.randn(t.shape) for name, t in model.towers.visual_encoder.state_dict().items()}
    torch.save(
        {"model": vit | {"head.weight": torch.zeros(10, 64), "head.bias": torch.zeros(10)}}, tmp_path / "deit.pth"
    )
    begin_from(model, bert=tmp_path / "bert", vit=tmp_path / "deit.pth")
    key = bert.state_dict()["bert.encoder.layer.3.attention.self.key.weight"]
    assert torch.equal(model.towers.text_encoder.bert.encoder.layer[3].attention.self.key.weight, key)
    assert torch.equal(model.teacher.text_encoder.bert.encoder.layer[3].attention.self.key.weight, key)
    assert torch.equal(model.towers.text_encoder.bert.encoder.layer[3].crossattention.self.key.weight, untouched)
    assert torch.equal(model.teacher.visual_encoder.pos_embed, vit["pos_embed"])
    transform = bert.state_dict()["cls.predictions.transform.dense.weight"]
    assert torch.equal(model.towers.text_encoder.cls.predictions.transform.dense.weight, transform)


@pytest.mark.parametrize("made", [lambda: Clip(CLIP), lambda: Vilt(VILT), lambda: Albef(FUSION), lambda: Tcl(FUSION)])
def test_a_model_is_what_was_saved(tmp_path: Path, made: Any) -> None:
    model = _randomized(made())
    save_model(model, tmp_path / "model")
    again = open_model(tmp_path / "model")
    assert (type(again), again.settings) == (type(model), model.settings)
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in again.state_dict().items())
    if isinstance(model, Albef):
        with pytest.raises(RecipeError, match="use save_model"):
            export_model(model, tmp_path / "theirs")  # type: ignore[arg-type]
