"""Weights and inputs for our models and the official ones alike, from keyed streams: nothing of theirs is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto.streams import stream

#: Sizes of ALBEF and TCL here; the patch is theirs.
FUSION = {
    "image_size": 64,
    "patch": 16,
    "width": 48,
    "heads": 4,
    "image_layers": 2,
    "text_layers": 2,
    "fusion_layers": 2,
}
DIM, QUEUE, LENGTH, VOCABULARY, MOMENTUM, TEMPERATURE, ALPHA = 24, 12, 16, 40, 0.9, 0.2, 0.4
#: Sizes of ViLT here.
VILT = {"image_size": 64, "patch": 16, "width": 48, "heads": 4, "layers": 3}
ROWS, TOKENS = 6, 9
PAD, CLS, SEP, MASK = 0, 1, 2, 3


def filled(name: str, shape: tuple[int, ...]) -> Tensor:
    """A float64 tensor for an official name: norms' gains about 1, columns of queues of length 1, the rest small."""
    values = torch.from_numpy(np.asarray(stream(14, name).standard_normal(shape)))
    if name.endswith("queue"):
        return values / values.norm(dim=0)
    if name.endswith("temp"):
        return torch.full((), TEMPERATURE, dtype=torch.float64)
    if name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "LayerNorm.weight")):
        return 1 + values / 5
    fans = shape[-1] if len(shape) == 2 else max(int(np.prod(shape[1:])), 16)
    return values / fans**0.5 * (1.5 if "embedding" in name else 1)


@dataclass(frozen=True)
class Inputs:
    """A batch: two views of images, captions of several lengths, what is masked, and draws in [0, 1)."""

    images: Tensor
    other_view: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    masked_ids: Tensor
    labels: Tensor
    draws: Tensor


def inputs(side: int) -> Inputs:
    """The batch for images of a side."""
    draw = stream(14, "inputs", side)
    images, other = torch.from_numpy(draw.standard_normal((2, ROWS, 3, side, side)))
    lengths = torch.tensor([9, 4, 7, 9, 3, 5])
    mask = (torch.arange(TOKENS) < lengths[:, None]).long()
    ids = torch.from_numpy(draw.integers(4, VOCABULARY, (ROWS, TOKENS)))
    ids[:, 0] = CLS
    ids[torch.arange(ROWS), lengths - 1] = SEP
    ids = ids * mask
    chosen = torch.from_numpy(draw.random((ROWS, TOKENS)) < 0.4) & (ids > SEP)
    masked = torch.where(chosen, torch.from_numpy(np.where(draw.random((ROWS, TOKENS)) < 0.7, MASK, 7)), ids)
    uniforms = torch.from_numpy(draw.random((2, ROWS)))
    return Inputs(images, other, ids, mask, masked, ids.masked_fill(~chosen, -100), uniforms)


#: Which image ViLT's captions are shown with.
SHOWN = [0, 3, 2, 5, 4, 0]


def norms(tensors: Mapping[str, Tensor]) -> dict[str, float]:
    """What is compared of many tensors: of each the length of it, weighted so that places count."""
    return {
        name: float((tensor.detach().double().flatten() * torch.linspace(1, 2, tensor.numel()).double()).norm())
        for name, tensor in tensors.items()
    }
