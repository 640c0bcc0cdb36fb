"""By how much the style loss falls on photographs alone, which scenes rendered like the training's don't flatter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto import ops
from impasto.style import Features, StyleModel, style_loss
from impasto_lab.experiments.default_style.settings import HELD_OUT, DefaultStyle
from impasto_lab.tasks.train_style import OBJECTIVE_LAYERS
from impasto_lab.worlds.photographs import catalogue
from impasto_lab.worlds.styles import draw_style, render_style

_SIDE = 128
#: Of the held-out styles every third: 24 of as many families.
_STYLES, _EVERY = 24, 3


def photographs() -> dict[str, Tensor]:
    """The middles of the photographs that were held out whole, [3, 128, 128] in [0, 1] by name."""
    return {photograph.name: _middle(photograph.load()) for photograph in catalogue() if photograph.name in HELD_OUT}


def styles() -> Tensor:
    """Styles that were held out, [24, 3, 128, 128] in [0, 1]."""
    first = DefaultStyle().styles
    return torch.stack([_middle(render_style(draw_style(first + _EVERY * number))) for number in range(_STYLES)])


@torch.no_grad()
def falls(model: StyleModel, features: Features) -> dict[str, float]:
    """The median over styles of what the style loss falls by at full strength; of all pairs as ``"all"``.

    Args:
        model: On the CPU, in evaluation mode.
        features: What losses look at.

    Returns:
        The style loss of the plain photograph over that of the painted one, by photograph.
    """

    def layers(images: Tensor) -> list[Tensor]:
        return list(features.extract(images, OBJECTIVE_LAYERS).values())

    wanted = styles()  # [S, 3, H, W]
    embeddings, target = model.predictor(wanted), layers(wanted)
    found: dict[str, Tensor] = {}
    for name, photograph in photographs().items():
        plain = photograph.expand(len(wanted), -1, -1, -1)
        painted = model.transformer(plain, embeddings)
        found[name] = style_loss(layers(plain), target) / style_loss(layers(painted), target)  # [S]
    found["all"] = torch.cat(list(found.values()))
    return {name: float(values.median()) for name, values in found.items()}


def _middle(picture: npt.NDArray[np.uint8]) -> Tensor:
    side = min(picture.shape[:2]) * 5 // 6
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    return torch.from_numpy(ops.resize(square, (_SIDE, _SIDE))).permute(2, 0, 1) / 255
