"""The model that comes with impasto does what its card says, on contents and styles that it was not trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

import impasto
from impasto.style import load_features, style_loss
from impasto.style.model import DEFAULT, StyleModel
from impasto_lab.experiments.default_style.card import card
from impasto_lab.experiments.default_style.settings import HELD_OUT, DefaultStyle
from impasto_lab.tasks.train_style import OBJECTIVE_LAYERS
from impasto_lab.worlds.photographs import catalogue
from impasto_lab.worlds.styles import draw_style, render_style


@pytest.fixture(scope="module")
def model() -> StyleModel:
    return StyleModel.load()


@pytest.fixture(scope="module")
def contents() -> Tensor:
    """Photographs that were held out, [4, 3, 128, 128]."""
    return torch.stack([_small(photograph.load()) for photograph in catalogue() if photograph.name in HELD_OUT])


@pytest.fixture(scope="module")
def styles() -> Tensor:
    """Styles that were held out, of 24 families, [24, 3, 128, 128]."""
    first = DefaultStyle().styles
    return torch.stack([_small(render_style(draw_style(first + 3 * number))) for number in range(24)])


def _small(picture: npt.NDArray[np.uint8]) -> Tensor:
    """The middle of a picture, [3, 128, 128] in [0, 1]."""
    side = min(picture.shape[:2]) * 5 // 6
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = impasto.ops.resize(np.ascontiguousarray(picture[top : top + side, left : left + side]), (128, 128))
    return torch.from_numpy(square).permute(2, 0, 1) / 255


def _layers(images: Tensor) -> list[Tensor]:
    return list(load_features("small").extract(images, OBJECTIVE_LAYERS).values())


@torch.no_grad()
def test_styles_come_near(model: StyleModel, contents: Tensor, styles: Tensor) -> None:
    """By 4.0 or so on these few; the card has the figure of many."""
    falls = []
    for content in contents:
        plain = content.expand(len(styles), -1, -1, -1)
        painted = model.transformer(plain, model.predictor(styles))
        target = _layers(styles)
        falls.append(style_loss(_layers(plain), target) / style_loss(_layers(painted), target))
    assert torch.cat(falls).median() > 3


def test_the_card_is_the_models(model: StyleModel) -> None:
    assert DEFAULT.with_name("README.md").read_text(encoding="utf-8") == card(model)
    assert model.about["measures"]["fall_median"] >= 4
    assert DEFAULT.stat().st_size < 4_000_000
