"""Optimisation on the image: the paper's equations, losses that fall, pictures that can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.models.vgg import cfgs, make_layers

import impasto
from impasto.style.networks.features import SmallVGG
from impasto.style.networks.vgg import VGG, Features, SmallFeatures
from impasto.style.transfer.optimizing import PRESETS, OptimizeResult, _Score, optimize


class Pixels(Features):
    """Features that are the pixels themselves, so that formulas can be written down."""

    content = ("conv1_1",)
    style = ("conv1_1",)

    def __init__(self) -> None:
        super().__init__((1,))

    def _walk(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        yield "conv1_1", images


@pytest.fixture(scope="module")
def small() -> SmallFeatures:
    torch.manual_seed(0)
    return SmallFeatures(SmallVGG(widths=(8, 8, 16, 16)))


@pytest.fixture(scope="module")
def vgg() -> VGG:
    torch.manual_seed(0)
    layers = make_layers(cfgs["E"], batch_norm=False)
    for layer in layers:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return VGG("vgg19", {f"features.{name}": value for name, value in layers.state_dict().items()})


def _image(seed: int, height: int = 24, width: int = 32, count: int = 1) -> Tensor:
    """Smooth colours, as a photograph's, or stripes."""
    coarse = torch.rand(count, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear").clamp(0, 1)


def _run(features: Features, **options: Any) -> OptimizeResult:
    stripes = (torch.arange(40) % 4 < 2).float().expand(1, 3, 40, 40) * torch.tensor([1.0, 0.6, 0.1]).view(3, 1, 1)
    return optimize(_image(1), stripes, features=features, **options)


def test_the_gradient_is_the_papers() -> None:
    """Equations 2 and 6, where features are positive."""
    content, style, canvas = _image(1), _image(2), _image(3).requires_grad_()
    score = _Score(Pixels(), PRESETS["gatys"], content, style)
    terms = score(canvas)
    (found,) = torch.autograd.grad(terms["style"], canvas, retain_graph=True)
    channels, positions = 3, 24 * 32
    f, a = (x.detach().double().reshape(channels, positions) for x in (canvas, style))
    expected = (f @ f.T - a @ a.T) @ f / (channels**2 * positions**2)
    torch.testing.assert_close(found.double().reshape(channels, positions), expected, rtol=1e-4, atol=1e-9)
    (found,) = torch.autograd.grad(terms["content"], canvas)
    torch.testing.assert_close(found, canvas.detach() - content)


def test_the_tutorials_losses() -> None:
    """PyTorch's tutorial: mean squared errors, of Gram matrices over B*C*H*W."""
    content, style, canvas = _image(1), _image(2, 20, 20), _image(3)
    objective = PRESETS["pytorch-tutorial"]
    layers = {"content_layers": ("conv1_1",), "style_layers": ("conv1_1",)}
    result = optimize(canvas, style, features=Pixels(), preset="pytorch-tutorial", steps=0, **layers)
    painted = result.image

    def gram(x: Tensor) -> Tensor:
        return torch.einsum("bchw,bdhw->cd", x, x) / x.numel()

    expected = torch.nn.functional.mse_loss(gram(painted), gram(style))
    assert result.losses[0]["style"] == pytest.approx(float(expected), rel=1e-4)
    assert (objective.content_weight, objective.style_weight) == (1, 1e6)
    assert content.shape == canvas.shape


@pytest.mark.parametrize(("method", "steps"), [("lbfgs", 15), ("adam", 40)])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_loss_falls(preset: str, method: str, steps: int, small: SmallFeatures) -> None:
    result = _run(
        small, preset=preset, method=method, steps=steps, tv_weight=0, generator=torch.Generator().manual_seed(0)
    )
    losses = [terms["loss"] for terms in result.losses]
    assert len(losses) == steps + 1
    assert losses[-1] < 0.5 * losses[0]
    assert result.losses[-1]["style"] < 0.5 * result.losses[0]["style"]
    assert result.image.shape == (1, 3, 24, 32)
    assert float(result.image.min()) >= 0 and float(result.image.max()) <= 1


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_with_vgg(method: str, vgg: VGG) -> None:
    result = _run(vgg, method=method, steps=10, init="content", style_weight=1e6)
    assert result.losses[-1]["style"] < 0.5 * result.losses[0]["style"]
    assert result.losses[0]["content"] < 0.01 * result.losses[-1]["content"]


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_the_same_arguments_give_the_same_picture(method: str, small: SmallFeatures) -> None:
    state = torch.get_rng_state()
    one, same, other = (
        _run(small, method=method, steps=3, init="noise", generator=torch.Generator().manual_seed(seed))
        for seed in (5, 5, 6)
    )
    assert torch.equal(one.image, same.image)
    assert one.losses == same.losses
    assert not torch.equal(one.image, other.image)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_pictures_on_the_way(method: str, small: SmallFeatures) -> None:
    seen: list[tuple[int, Tensor, dict[str, float]]] = []
    result = _run(small, method=method, steps=3, on_step=lambda *at: seen.append(at))
    assert [step for step, _, _ in seen] == [0, 1, 2, 3]
    assert [losses for _, _, losses in seen] == result.losses
    assert torch.equal(seen[-1][1], result.image)
    # Each picture has the losses that it is shown with.
    for _, image, losses in seen:
        again = _run_from(image, small)
        assert again == pytest.approx(losses["style"], rel=1e-3)


def _run_from(image: Tensor, features: Features) -> float:
    stripes = (torch.arange(40) % 4 < 2).float().expand(1, 3, 40, 40) * torch.tensor([1.0, 0.6, 0.1]).view(3, 1, 1)
    with torch.no_grad():
        return float(_Score(features, PRESETS["relative"], _image(1), stripes)(image)["style"])


def test_a_picture_to_begin_with(small: SmallFeatures) -> None:
    start = _image(5)
    result = optimize(_image(1), _image(2), features=small, steps=0, start=start, init="noise")
    torch.testing.assert_close(result.image, start, rtol=0, atol=0.02)
    with pytest.raises(impasto.RecipeError, match="start is"):
        optimize(_image(1), _image(2), features=small, start=start[..., :20])


def test_a_batch_is_its_images(small: SmallFeatures) -> None:
    contents, styles = _image(1, count=2), _image(2, 16, 16, count=2)
    whole = optimize(contents, styles, features=small, method="adam", steps=3)
    for row in range(2):
        alone = optimize(contents[row][None], styles[row][None], features=small, method="adam", steps=3)
        torch.testing.assert_close(whole.image[row], alone.image[0], rtol=0, atol=2e-3)


def test_any_memory_format_and_dtype(small: SmallFeatures) -> None:
    content = _image(1).contiguous(memory_format=torch.channels_last)
    expected = optimize(_image(1), _image(2), features=small, steps=2)
    assert torch.equal(optimize(content, _image(2), features=small, steps=2).image, expected.image)
    assert optimize(content.double(), _image(2), features=small, steps=0).image.dtype == torch.float32


def test_a_picture_in_its_own_style_stays(small: SmallFeatures) -> None:
    result = optimize(_image(1), _image(1), features=small, steps=2, tv_weight=0)
    torch.testing.assert_close(result.image, _image(1), rtol=0, atol=0.02)


BAD = torch.full((1, 3, 24, 24), 0.5)


@pytest.mark.parametrize(
    ("content", "style", "options", "reason"),
    [
        (BAD * float("nan"), BAD, {}, "content .*not finite"),
        (BAD, BAD * float("inf"), {}, "style .*not finite"),
        (BAD * 255, BAD, {}, r"content must lie in \[0, 1\]"),
        (BAD[:, :1], BAD, {}, "content must have 3 channels"),
        (BAD, BAD.expand(1, 3, 24, 24)[:, :2], {}, "style must have 3 channels"),
        ((BAD * 255).to(torch.uint8), BAD, {}, "float"),
        (BAD[0], BAD, {}, "must be"),
        (BAD[:0], BAD, {}, "must be"),
        (BAD[..., :1, :1], BAD, {}, "too small"),
        (BAD, BAD[..., :9, :9], {}, "too small for relu1_1.*: at least 16"),
        (BAD, BAD.expand(2, 3, 24, 24), {}, "2 styles for 1 contents"),
        (BAD, BAD, {"method": "sgd"}, "method='sgd'"),
        (BAD, BAD, {"preset": "monet"}, "preset='monet'"),
        (BAD, BAD, {"steps": -1}, "steps=-1"),
        (BAD, BAD, {"lr": 0.0}, "lr=0.0"),
        (BAD, BAD, {"style_weight": float("nan")}, "style_weight=nan"),
        (BAD, BAD, {"init": "style"}, "init='style'"),
        (BAD, BAD, {"weight": 1}, "weight=1 is not known"),
        (BAD, BAD, {"normalization": "none"}, "normalization='none'"),
        (BAD, BAD, {"style_layers": ("conv5_1",)}, "'conv5_1' is not known"),
    ],
)
def test_what_makes_no_sense(
    content: Tensor, style: Tensor, options: dict[str, Any], reason: str, small: SmallFeatures
) -> None:
    with pytest.raises(impasto.RecipeError, match=reason):
        optimize(content, style, features=small, **{"steps": 1} | options)


class Breaking(Pixels):
    """Features that are no numbers from the fifth time on."""

    times = 0

    def _walk(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        self.times += 1
        yield "conv1_1", images * (float("nan") if self.times > 4 else 1.0)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_a_loss_that_is_no_number(method: str) -> None:
    with pytest.raises(impasto.DivergedError, match=r"no longer a number at step [12]"):
        _run(Breaking(), method=method, steps=5)


@pytest.mark.gpu
def test_on_a_gpu(small: SmallFeatures) -> None:
    features = SmallFeatures(small.network).cuda()
    result = optimize(_image(1).cuda(), _image(2).cuda(), features=features, steps=10, init="noise")
    assert result.image.is_cuda
    assert result.losses[-1]["loss"] < 0.5 * result.losses[0]["loss"]
