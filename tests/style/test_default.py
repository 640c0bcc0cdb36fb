"""The model that comes with impasto: contents stay what they are, styles differ, strength is a scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

import impasto
from impasto.style.model import StyleModel


@pytest.fixture(scope="module")
def model() -> StyleModel:
    return StyleModel.load()


@pytest.fixture(scope="module")
def contents(photographs: dict[str, npt.NDArray[np.uint8]]) -> Tensor:
    """Photographs, [4, 3, 128, 128]."""
    return torch.stack([_small(photographs[name]) for name in ("astronaut", "chelsea", "china", "flower")])


def _small(picture: npt.NDArray[np.uint8]) -> Tensor:
    """The middle of a picture, [3, 128, 128] in [0, 1]."""
    side = min(picture.shape[:2]) * 5 // 6
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = impasto.ops.resize(np.ascontiguousarray(picture[top : top + side, left : left + side]), (128, 128))
    return torch.from_numpy(square).permute(2, 0, 1) / 255


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


def test_faint_styles_leave_what_is_seen(model: StyleModel, contents: Tensor) -> None:
    """Nothing at strength 0, and 28 dB at a tenth; what is sharp stays sharp at half."""
    stylize = impasto.StyleRandomizer(model, seed=2)
    assert torch.equal(stylize(contents, alpha=0.0), contents)
    several = contents.repeat_interleave(8, dim=0)
    differences = (stylize(several, alpha=0.1) - several).square().mean()
    assert float(-10 * differences.log10()) > 28


def test_strength_is_a_scale(model: StyleModel, contents: Tensor) -> None:
    """The stronger, the further from the image itself."""
    stylize, content = impasto.StyleRandomizer(model), contents[:1].expand(8, -1, -1, -1)
    drawn = model.distribution.sample(8, torch.Generator().manual_seed(3))
    painted = {alpha: stylize(content, embeddings=drawn, alpha=alpha) for alpha in (0.25, 0.5, 0.75, 1.0)}
    apart = [float((images - content).square().mean().sqrt()) for images in painted.values()]
    assert apart == sorted(apart) and apart[3] > 2 * apart[0]
