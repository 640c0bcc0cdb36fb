"""Blocks and whole encoders against `transformers`, with the same random weights; attention maps and gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from impasto_lab.models import kept_attention
from impasto_lab.models.blocks import Bert, VisionTransformer
from impasto_lab.models.checkpoints.encoders import bert_tensors, load_vit

transformers = pytest.importorskip("transformers")

MASK = (torch.arange(8) < torch.tensor([8, 3, 5, 1])[:, None]).long()
IDS = torch.randint(0, 50, (4, 8), generator=torch.Generator().manual_seed(0))


def _randomized(model: nn.Module) -> nn.Module:
    draw = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draw) / max(parameter.shape[-1], 8) ** 0.5
    return model.eval()


def _bert_of_transformers(**changes: Any) -> nn.Module:
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128,
        max_position_embeddings=12, pad_token_id=None, **changes,
    )  # fmt: skip
    return _randomized(transformers.BertModel(config, add_pooling_layer=False))


def _bert(**changes: Any) -> Bert:
    sizes = {"vocabulary": 50, "length": 12, "width": 32, "heads": 4, "text_layers": 3}
    return Bert(**sizes | changes)


def _of_bert(theirs: nn.Module) -> dict[str, Tensor]:
    return {name.removeprefix("bert."): tensor for name, tensor in bert_tensors(theirs.state_dict()).items()}


def _real(hidden: Tensor) -> Tensor:
    return hidden[MASK.bool()]


def test_bert_is_that_of_transformers() -> None:
    theirs, ours = _bert_of_transformers(), _bert().eval()
    ours.load_state_dict(_of_bert(theirs))
    expected = theirs(IDS, attention_mask=MASK).last_hidden_state
    assert torch.allclose(_real(ours(IDS, MASK)), _real(expected), atol=1e-5)
    with kept_attention(ours) as maps:
        assert torch.allclose(_real(ours(IDS, MASK)), _real(expected), atol=1e-5)
    assert len(maps) == 3
    assert torch.allclose(maps["encoder.layer.2.attention.self"].sum(-1), torch.ones(4, 4, 8))
    assert not maps["encoder.layer.2.attention.self"][1, :, :, 3:].any()  # padding is not looked at


def test_layers_that_read_the_image_are_those_of_transformers() -> None:
    """Theirs have cross-attention when they are a decoder, which looks both ways only with a mask for each pair."""
    theirs = _bert_of_transformers(is_decoder=True, add_cross_attention=True)
    ours = _bert(text_layers=0, fusion_layers=3, image_width=32).eval()
    ours.load_state_dict(_of_bert(theirs))
    image = torch.randn(4, 5, 32, generator=torch.Generator().manual_seed(2))
    both_ways = MASK.bool()[:, None, None, :].expand(4, 1, 8, 8)
    expected = theirs(IDS, attention_mask=both_ways, encoder_hidden_states=image, use_cache=False).last_hidden_state
    found = ours.fuse(ours.embeddings(IDS), MASK, image)
    assert torch.allclose(_real(found), _real(expected), atol=1e-5)
    assert torch.equal(ours(IDS, MASK), ours.embeddings(IDS))  # no layer is the text's alone


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_what_is_asked_of_pairs_is_the_first_token_of_the_whole(layers: int) -> None:
    """With the captions' own part done before, for one image that all captions share, and for an image each."""
    torch.manual_seed(0)
    bert = Bert(vocabulary=50, length=9, width=16, heads=2, text_layers=1, fusion_layers=layers, image_width=12).eval()
    ids, mask = torch.randint(5, 50, (3, 7)), torch.arange(7) < torch.tensor([[7], [4], [1]])
    text = bert(ids, mask)
    for images in (torch.randn(1, 5, 12), torch.randn(3, 5, 12)):
        found = bert.fuse_first(bert.before_images(text, mask), mask, images)
        torch.testing.assert_close(found, bert.fuse(text, mask, images)[:, 0])


def test_the_vision_transformer_is_that_of_transformers(tmp_path: Path) -> None:
    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128, image_size=24, patch_size=8,
        layer_norm_eps=1e-6,
    )  # fmt: skip
    theirs = _randomized(transformers.ViTModel(config, add_pooling_layer=False))
    ours = VisionTransformer(image_size=24, patch=8, width=32, layers=2, heads=4).eval()
    theirs.save_pretrained(tmp_path)
    load_vit(ours, tmp_path)
    images = torch.randn(3, 3, 24, 24, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(ours(images), theirs(images).last_hidden_state, atol=1e-5)


def test_gradients_reach_attention_maps() -> None:
    ours = VisionTransformer(image_size=24, patch=8, width=32, layers=2, heads=4)
    images = torch.randn(2, 3, 24, 24)
    with kept_attention(ours) as maps:
        score = ours(images)[:, 0].square().sum()
    (gradient,) = torch.autograd.grad(score, maps["blocks.1.attn"])
    assert maps["blocks.1.attn"].shape == gradient.shape == (2, 4, 10, 10)
    assert gradient.abs().sum() > 0
    ours(images)
    assert set(maps) == {"blocks.0.attn", "blocks.1.attn"}
