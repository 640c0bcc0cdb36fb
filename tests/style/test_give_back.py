"""What the network loses of an image is given back, in proportion."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from impasto import RecipeError, StyleRandomizer
from impasto.style.model import StyleModel
from impasto.style.networks.transformer import StyleTransformer
from impasto.style.randomize.arithmetic import give_back
from impasto.style.run.transformer import FastTransformer

from .conftest import DTYPES, SIZE, as_dtype, tiny_model

ALPHAS = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0])


@pytest.fixture
def model() -> StyleModel:
    made = tiny_model()
    made.give_back = True
    return made


def in_every_form(stylize, images, embeddings, alphas):
    """The module itself, the painting alone, and TorchScript."""
    yield stylize(images, embeddings=embeddings, alpha=alphas)
    yield stylize.to_module()(images, embeddings, alphas)
    yield stylize.to_torchscript().paint(images, embeddings, alphas)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"base": "mean"},
        {"downsample": 1},
        {"differentiable": True},
        {"dtype": torch.bfloat16},
        {"chunk": 2},
        {"dtype": torch.bfloat16, "differentiable": True},
    ],
    ids=str,
)
def test_strength_0_is_the_image_to_the_bit(model, images, dtype, options):
    batch, embeddings = as_dtype(images, dtype), 3 * torch.randn(5, SIZE)
    for out in in_every_form(StyleRandomizer(model, **options), batch, embeddings, torch.zeros(5)):
        assert torch.equal(out, batch)


def test_strength_0_is_the_image_whatever_two_passes_differ_by(images):
    """Two passes over the same rows may be rounded differently."""
    rest = 1 - ALPHAS
    out = give_back(torch.randn(5, 3, 33, 22), images, rest)
    assert torch.equal((out == images).flatten(1).all(dim=1), rest == 1)


def test_strength_1_is_the_style_and_takes_one_pass(model, images, monkeypatch):
    embeddings = torch.randn(5, SIZE)
    with torch.no_grad():
        wanted = model.transformer(images, embeddings)
    for out in in_every_form(StyleRandomizer(model), images, embeddings, ALPHAS[[4] * 5]):
        assert torch.allclose(out, wanted, atol=1e-5)
    monkeypatch.delattr(FastTransformer, "less_own")
    assert torch.allclose(StyleRandomizer(model, alpha=1)(images, embeddings=embeddings), wanted, atol=1e-5)


@pytest.mark.parametrize("base", ["image", "mean"])
@pytest.mark.parametrize("differentiable", [False, True])
def test_every_row_has_its_own_share(model, images, base, differentiable):
    embeddings = torch.randn(5, SIZE)
    stylize = StyleRandomizer(model, base=base, differentiable=differentiable)
    with torch.no_grad():
        own = model.predictor(images) if base == "image" else model.content_mean.expand(5, -1)
        alphas = ALPHAS[:, None]
        lost = images - model.transformer(images, own)
        painted = model.transformer(images, alphas * embeddings + (1 - alphas) * own)
        wanted = (painted + (1 - alphas)[:, :, None, None] * lost).clamp(0, 1)
    for out in in_every_form(stylize, images, embeddings, ALPHAS):
        assert torch.allclose(out, wanted, atol=1e-5)
        assert float(out.min()) >= 0
        assert float(out.max()) <= 1


class _Counting(nn.Sequential):
    times = 0

    def forward(self, images: Tensor) -> Tensor:
        self.times += 1
        return images


class _Affine(StyleTransformer):
    """``(c + z[:3]) / 4``, as a transformer of two parts; it counts how often the first of them is run."""

    def __init__(self) -> None:
        super().__init__(widths=(4, 4, 8), residuals=0, embedding=SIZE, kernel=3)
        self.contract = _Counting()

    def restyle(self, features: Tensor, embeddings: Tensor, height: int, width: int) -> Tensor:
        assert features.shape[2:] == (height, width)
        return (features + embeddings[:, :3, None, None]) / 4


def test_an_affine_network_blends_the_image_with_the_painted_one(images):
    plain = tiny_model()
    model = StyleModel(_Affine(), plain.predictor, plain.distribution, give_back=True).eval()
    stylize, embeddings = StyleRandomizer(model, differentiable=True), torch.rand(5, SIZE)
    blended = torch.lerp(images, (images + embeddings[:, :3, None, None]) / 4, ALPHAS[:, None, None, None])
    assert torch.allclose(stylize(images, embeddings=embeddings, alpha=ALPHAS), blended, atol=1e-6)
    assert stylize.model.transformer.contract.times == 1  # what both passes begin with


def test_gradients_pass_through_both_passes(model, images):
    images.requires_grad_()
    StyleRandomizer(model, differentiable=True)(images, embeddings=torch.randn(5, SIZE), alpha=0.0).sum().backward()
    assert torch.equal(images.grad, torch.ones_like(images))  # of the image itself


def test_it_compiles_whole_and_exports(model, images):
    stylize = StyleRandomizer(model)
    paint, embeddings = stylize.to_module(), torch.randn(5, SIZE)
    torch.compiler.reset()
    compiled = torch.compile(paint, backend="eager", fullgraph=True)
    wanted = paint(images, embeddings, ALPHAS)
    assert torch.allclose(compiled(images, embeddings, ALPHAS), wanted, atol=1e-6)
    exported = StyleRandomizer(model, backend="export")
    for rows in (5, 3):
        out = exported(images[:rows], embeddings=embeddings[:rows], alpha=ALPHAS[:rows])
        assert torch.allclose(out, wanted[:rows], atol=1e-5)


def test_the_model_says_whether_and_an_option_says_otherwise(model, images, tmp_path):
    model.save(tmp_path / "it.safetensors")
    kept = StyleModel.load(tmp_path / "it.safetensors")
    assert kept.give_back and not tiny_model().give_back
    embeddings = torch.randn(5, SIZE)
    for chosen, without in ((kept, False), (tiny_model(), None)):
        repainted = StyleRandomizer(chosen, give_back=without)(images, embeddings=embeddings, alpha=0)
        assert not torch.equal(repainted, images)
    asked = StyleRandomizer(tiny_model(), give_back=True)
    assert torch.equal(asked(images, embeddings=embeddings, alpha=0), images)
    assert "give_back=True" in repr(asked)
    with pytest.raises(RecipeError, match="give_back"):
        StyleRandomizer(model, give_back="yes")
