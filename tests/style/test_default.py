"""The model that comes with impasto: what its card says is so, on contents and styles that it was not trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

import impasto
from impasto.style.model import DEFAULT, StyleModel
from impasto.style.networks.vgg import load_features
from impasto.style.transfer.losses import style_loss
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


@torch.no_grad()
def test_content_stays(model: StyleModel, contents: Tensor) -> None:
    """Every picture painted in a random style is told from the others by where its edges lie."""
    stylize = impasto.StyleRandomizer(model, alpha=0.5, seed=1)
    plain = torch.stack([_edges(image) for image in contents])
    for number, content in enumerate(contents):
        painted = torch.stack([_edges(image) for image in stylize(content.expand(8, -1, -1, -1))])
        alike = torch.nn.functional.cosine_similarity(painted[:, None], plain[None], dim=2)  # [8, 3]
        assert (alike.argmax(dim=1) == number).all()
        assert alike[:, number].median() > 0.3


def _edges(image: Tensor) -> Tensor:
    """Where brightness changes, at a quarter of the size, without its mean."""
    gray = image.mean(dim=0)[None, None]
    steps = (gray[..., 1:, :-1] - gray[..., :-1, :-1]).abs() + (gray[..., :-1, 1:] - gray[..., :-1, :-1]).abs()
    pooled = torch.nn.functional.avg_pool2d(steps, 4).flatten()
    return pooled - pooled.mean()


@torch.no_grad()
def test_random_styles_differ(model: StyleModel, contents: Tensor) -> None:
    drawn = model.distribution.sample(10, torch.Generator().manual_seed(0))
    for content in contents:
        painted = model.transformer(content.expand(10, -1, -1, -1), drawn)
        apart = (painted[:, None] - painted[None]).square().mean(dim=(2, 3, 4)).sqrt()
        assert apart.sum() / 90 > 0.1
        assert apart[~torch.eye(10, dtype=torch.bool)].min() > 0.02


@torch.no_grad()
def test_strength_is_a_scale(model: StyleModel, contents: Tensor) -> None:
    """The stronger, the further from the image itself."""
    drawn = model.distribution.sample(8, torch.Generator().manual_seed(3))
    content = contents[:1].expand(8, -1, -1, -1)
    own = model.predictor(content)
    apart = []
    for alpha in (0.0, 0.5, 1.0):
        painted = model.transformer(content, torch.lerp(own, drawn, alpha))
        apart.append(float((painted - content).square().mean().sqrt()))
    assert apart[0] < apart[1] < apart[2]
    assert apart[0] < 0.12


def test_the_card_is_the_models(model: StyleModel) -> None:
    assert DEFAULT.with_name("README.md").read_text(encoding="utf-8") == card(model)
    assert model.about["measures"]["fall_median"] >= 4
    assert DEFAULT.stat().st_size < 4_000_000
