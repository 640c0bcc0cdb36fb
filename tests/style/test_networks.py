"""The networks: their published sizes, any input size, and one image at a time."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional
from torchvision.models import inception_v3

from impasto import RecipeError
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.grain import Grain
from impasto.style.networks.inception import PREPROCESSING, InceptionPredictor
from impasto.style.networks.transformer import SMALLEST, StyleTransformer
from impasto.style.run import fold

from .conftest import SIZE, tiny_model


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_sizes():
    with torch.device("meta"):
        transformer, predictor = StyleTransformer(), InceptionPredictor()
    assert (len(transformer.state_dict()), parameters(transformer)) == (84, 1_954_593)
    assert parameters(predictor) == 9_042_756
    running = [value for name, value in predictor.state_dict().items() if "running" in name]
    assert sum(value.numel() for value in running) == 18_816


def test_inception_is_torchvisions():
    """torchvision's own network, cut at Mixed_6e by a hook, is the oracle."""
    torch.manual_seed(0)
    whole = inception_v3(weights=None, init_weights=False, aux_logits=False).eval()
    ours = InceptionPredictor(embedding=4).eval()
    names = ours.state_dict().keys() - {"fc.weight", "fc.bias"}
    ours.load_state_dict(
        {name: whole.state_dict()[name] for name in names}
        | {"fc.weight": torch.randn(4, 768), "fc.bias": torch.randn(4)}
    )
    found = []
    whole.Mixed_6e.register_forward_hook(lambda module, inputs, output: found.append(output))
    images = torch.rand(2, 3, 75, 91)
    with torch.no_grad():
        whole(2 * images - 1)
        wanted = found[0].mean(dim=(2, 3)) @ ours.fc.weight.T + ours.fc.bias
        assert torch.allclose(ours(images), wanted, atol=1e-4, rtol=1e-4)
        assert torch.allclose(fold.batch_norms(ours)(images), wanted, atol=1e-4, rtol=1e-4)


def test_the_published_preprocessing_has_its_typing_error():
    """SPEC: ImageNet's normalisation, with 0.255 for blue's 0.225, undone with the right numbers, then to [-1, 1]."""
    mean, right, typed = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), (0.229, 0.224, 0.255)
    scale, shift = PREPROCESSING["published"]
    for channel in range(3):
        for value in (0.0, 0.3, 1.0):
            normalized = (value - mean[channel]) / typed[channel]
            wanted = (normalized * right[channel] + mean[channel] - 0.5) / 0.5
            assert value * scale[channel] + shift[channel] == pytest.approx(wanted)
    assert (scale[2], shift[2]) == (pytest.approx(1.7647059), pytest.approx(-0.9044706))


def test_the_smallest_sizes():
    inception = InceptionPredictor(embedding=2).eval()
    for network, smallest in ((StatisticsPredictor(embedding=2), 16), (inception, 43)):
        assert network.smallest == smallest
        network(torch.rand(1, 3, smallest, smallest))
        with pytest.raises(RuntimeError):
            network(torch.rand(1, 3, smallest - 1, smallest))
    StyleTransformer(kernel=15)(torch.rand(1, 3, SMALLEST, SMALLEST), torch.zeros(1, 100))


@given(height=st.integers(8, 40), width=st.integers(8, 40))
def test_any_size_comes_back(height, width):
    out = tiny_model().transformer(torch.rand(2, 3, height, width), torch.randn(2, SIZE))
    assert out.shape == (2, 3, height, width)


def test_what_is_over_is_cut_at_the_right_and_the_bottom(model):
    """The published network's output is larger: that, cut, is ours."""
    network, images, embeddings = model.transformer, torch.rand(1, 3, 34, 41), torch.randn(1, SIZE)
    features = network.contract(images)
    for block in [*network.residual, *network.expand]:
        features = block(features, embeddings)
    larger = torch.sigmoid(network.paint(features, embeddings))
    assert larger.shape == (1, 3, 36, 44)
    assert torch.equal(network(images, embeddings), larger[:, :, :34, :41])


def test_noise_is_where_the_style_asks_for_it_and_the_same_everywhere():
    """A flat picture stays flat without; the noise is of the network, not of the image, the row or its size."""
    torch.manual_seed(0)
    network = StyleTransformer(widths=(4, 4, 8), residuals=0, embedding=2, kernel=3, grain=True).eval()
    flat = torch.full((2, 3, 40, 48), 0.5)
    styles = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    with torch.no_grad():
        assert float(network(flat, styles).std(dim=(2, 3)).max()) < 1e-5  # training begins without
        for layer in network.modules():
            if isinstance(layer, Grain):
                layer.amount.weight[:, 0] = 1.0
        plain, textured = network(flat, styles)
        assert float(plain.std(dim=(1, 2)).max()) < 1e-5 < 0.01 < float(textured.std(dim=(1, 2)).min())
        noise = network.grain(torch.zeros(1, 8, 70, 9), styles[1:])
        assert torch.equal(noise, network.grain(torch.zeros(1, 8, 134, 73), styles[1:])[:, :, :70, :9])
        assert torch.equal(noise[:, :, 64:], noise[:, :, :6])
    again = StyleTransformer(widths=(4, 4, 8), residuals=0, embedding=2, kernel=3, grain=True)
    assert torch.equal(again.grain.noise, network.grain.noise)


def test_doubled_pixels_are_four_alike_or_interpolated():
    """The convolution after it left out, what comes is the doubled picture: torch's own bilinear one, or blocks."""
    features = torch.rand(1, 3, 6, 5)
    for bilinear in (False, True):
        network = StyleTransformer(widths=(3, 3, 3), residuals=0, embedding=2, kernel=3, bilinear=bilinear)
        seen = []
        network.expand[0].styled.conv.register_forward_hook(
            lambda module, inputs, output, seen=seen: seen.append(inputs)
        )
        network.expand[0](features, torch.zeros(1, 2))
        blocks = features.repeat_interleave(2, 2).repeat_interleave(2, 3)
        smooth = functional.interpolate(features, size=(12, 10), mode="bilinear")
        assert torch.allclose(seen[0][0], smooth if bilinear else blocks)


def test_rows_do_not_touch_each_other(model):
    images, embeddings = torch.rand(3, 3, 24, 24), torch.randn(3, SIZE)
    with torch.no_grad():
        together = model.transformer(images, embeddings)
        other = embeddings.clone()
        other[1] += 1
        changed = model.transformer(images, other)
        assert torch.allclose(changed[[0, 2]], together[[0, 2]], atol=1e-6) and not torch.allclose(
            changed[1], together[1]
        )
        for row in range(3):
            alone = model.transformer(images[row : row + 1], embeddings[row : row + 1])
            assert torch.allclose(alone[0], together[row], atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"widths": (1, 2)},
        {"widths": (0, 1, 1)},
        {"residuals": -1},
        {"embedding": 0},
        {"kernel": 4},
        {"kernel": 17},
        {"bilinear": None},
        {"grain": "no"},
    ],
)
def test_what_makes_no_network(options):
    with pytest.raises(RecipeError, match=next(iter(options))):
        StyleTransformer(**options)


def test_an_unknown_preprocessing():
    with pytest.raises(RecipeError, match="preprocessing='magenta' is not known"):
        InceptionPredictor(preprocessing="magenta")
