"""Where a model looks for a score: Grad-CAM of its attention (Selvaraju et al. 2017; Li et al. 2021, section 5.3)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from impasto.checks import require
from impasto_lab.models.albef import Albef
from impasto_lab.models.blocks import VitBlock, kept_attention
from impasto_lab.models.blocks.attention import Attending
from impasto_lab.models.blocks.bert import BertLayer

#: Runs a model on a batch and gives each row's score, [B].
Score = Callable[[], Tensor]


def grad_cam(attention: Attending, score: Score) -> Tensor:
    """An attention's map, each entry by how much more of it would raise the score.

    Args:
        attention: A part of the model that runs once while the score is computed.
        score: The model's, of each row.

    Returns:
        [B, heads, L, M], never negative.

    Raises:
        RecipeError: If the attention didn't run.
    """
    with torch.enable_grad(), kept_attention(attention) as maps:
        scores = score()
        require("" in maps, "the score has nothing to do with this attention; compute it by the same model")
        (gradient,) = torch.autograd.grad(scores.sum(), maps[""])
    return maps[""].detach() * gradient.clamp(min=0)


def fusion_maps(model: Albef, score: Score, attention_mask: Tensor, *, layer: int | None = None) -> Tensor:
    """Where a text looks in its image, by the cross attention of a fusion layer: the mean of its tokens and heads.

    The published code counts padding into the mean, which changes a map by a factor alone.

    Args:
        model: An ALBEF or a TCL, which the score is computed by: ``lambda: model.match(images, ids, mask)[:, 1]``.
        score: See `grad_cam`.
        attention_mask: [B, L] of the texts.
        layer: From 0; by default the third of six, as published, which is the last of the first half.

    Returns:
        [B, h, w], a number for each patch, never negative; nothing but 0 where no patch raises the score.

    Raises:
        RecipeError: If there is no such layer.
    """
    bert = model.towers.text_encoder.bert
    fusing = bert.encoder.layer[bert.text_layers + fusion_layer(model, layer)]
    assert isinstance(fusing, BertLayer)
    assert fusing.crossattention is not None
    cam = grad_cam(fusing.crossattention.self, score)  # [B, heads, L, 1 + P]
    # Padding is never looked at, so it has no gradient.
    mean = cam.mean(dim=1).sum(dim=1) / attention_mask.sum(dim=1, keepdim=True)  # [B, 1 + P]
    return _patches(model, mean)


def image_maps(model: Albef, score: Score, *, layer: int | None = None) -> Tensor:
    """Where an image's own token looks, by the attention of a layer of the image's tower: the mean of its heads.

    Args:
        model: An ALBEF or a TCL, which the score is computed by, such as its similarity of images and texts.
        score: See `grad_cam`.
        layer: From 0; by default the ninth of twelve, as published.

    Returns:
        [B, h, w], as `fusion_maps`.

    Raises:
        RecipeError: If there is no such layer.
    """
    block = model.towers.visual_encoder.blocks[image_layer(model, layer)]
    assert isinstance(block, VitBlock)
    cam = grad_cam(block.attn, score)  # [B, heads, 1 + P, 1 + P]
    return _patches(model, cam.mean(dim=1)[:, 0])


def fusion_layer(model: Albef, layer: int | None) -> int:
    """Which layer `fusion_maps` takes.

    Raises:
        RecipeError: If there is no such layer.
    """
    count = model.settings.fusion_layers
    layer = max(0, count // 2 - 1) if layer is None else layer
    require(0 <= layer < count, f"layer={layer} of {count} fusion layers; use {count - 1} or less")
    return layer


def image_layer(model: Albef, layer: int | None) -> int:
    """Which layer `image_maps` takes.

    Raises:
        RecipeError: If there is no such layer.
    """
    count = model.settings.image_layers
    layer = 2 * count // 3 if layer is None else layer
    require(0 <= layer < count, f"layer={layer} of {count} layers of the image's tower; use {count - 1} or less")
    return layer


def _patches(model: Albef, looked: Tensor) -> Tensor:
    """From [B, 1 + P] to [B, h, w]."""
    side = model.towers.visual_encoder.side
    return looked[:, 1:].reshape(-1, side, side)
