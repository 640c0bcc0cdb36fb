"""The randomizer as part of a model: frozen, whatever the parent does; and where it comes from."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

import impasto
from impasto import Beta, CheckpointError, StyleRandomizer
from impasto.style.model import DEFAULT

from .conftest import SIZE, tiny_model


class TestAsPartOfAModel:
    """Frozen, whatever the parent does."""

    def test_nothing_trains(self, model, images):
        stylize = StyleRandomizer(model)
        parent = nn.Sequential(stylize, nn.Conv2d(3, 2, 3))
        assert [name for name, value in parent.named_parameters() if value.requires_grad] == ["1.weight", "1.bias"]
        before = {name: value.clone() for name, value in stylize.state_dict().items() if name != "_extra_state"}
        parent(images.requires_grad_()).sum().backward()
        torch.optim.SGD(parent.parameters(), lr=1.0, weight_decay=0.1).step()
        assert images.grad is None
        assert all(torch.equal(value, stylize.state_dict()[name]) for name, value in before.items())

    def test_the_model_that_was_given_goes_on_training(self, model):
        model.train()
        StyleRandomizer(model, dtype=torch.bfloat16)
        assert model.training and all(parameter.requires_grad for parameter in model.parameters())
        assert model.transformer.paint.conv.weight.dtype == torch.float32

    def test_networks_stay_in_evaluation_mode(self, model):
        stylize = StyleRandomizer(model)
        parent = nn.Sequential(stylize).train()
        assert stylize.training and not any(module.training for module in stylize.painter.modules())
        parent.eval().train()
        assert not any(module.training for module in stylize.painter.modules())

    def test_evaluation_mode_switches_random_styles_off(self, model, images):
        stylize = StyleRandomizer(model).eval()
        assert stylize(images) is images
        assert len(stylize.draw(5).rows) == 0
        assert torch.equal(stylize.train()(images), StyleRandomizer(model)(images))  # those were no calls
        stylize.eval()
        assert not torch.equal(stylize(images, rows=[0]), images)
        assert not torch.equal(stylize(images, embeddings=torch.zeros(SIZE)), images)
        assert not torch.equal(StyleRandomizer(model, in_eval=True).eval()(images), images)

    def test_gradients_pass_where_they_are_asked_for(self, model, images):
        images = images.double().requires_grad_()
        for ratio in ("0:1", "1:1"):
            out = StyleRandomizer(model, ratio=ratio)(images)
            assert not out.requires_grad
        plan = StyleRandomizer(model, seed=2).draw(5, rows=[0, 2])
        out = StyleRandomizer(model, differentiable=True)(images, plan)
        weights = torch.randn(out.shape, dtype=torch.float64)
        (out * weights).sum().backward()
        assert torch.equal(images.grad[1], weights[1])
        assert images.grad[0].abs().sum() > 0
        with torch.no_grad():
            assert not StyleRandomizer(model, differentiable=True)(images, plan).requires_grad
        styles = torch.rand(1, 3, 20, 20, requires_grad=True)
        StyleRandomizer(model, differentiable=True)(images.detach(), styles=styles).sum().backward()
        assert styles.grad.abs().sum() > 0

    def test_copies_pickles_and_state(self, model, images):
        stylize = StyleRandomizer(model, seed=1, backend="torchscript")
        stylize(images)
        twin, same = copy.deepcopy(stylize), pickle.loads(pickle.dumps(stylize))
        other = StyleRandomizer(tiny_model(seed=9), seed=1)
        other(images)
        other.load_state_dict(stylize.state_dict())
        wanted = stylize(images)
        for one in (twin, same, other):
            assert torch.allclose(one(images), wanted, atol=1e-6)

    def test_it_prints(self, model):
        assert "alpha=Beta(a=1, b=2), ratio='2:1'" in repr(StyleRandomizer(model, alpha=Beta(1, 2), ratio="2:1"))


class TestLoading:
    """Which files it takes is told in test_published.py."""

    def test_a_file_of_ours(self, model, images, tmp_path):
        model.save(tmp_path / "style.safetensors")
        loaded = StyleRandomizer.load(tmp_path / "style.safetensors", alpha=0.7, seed=2)
        assert torch.equal(loaded(images), StyleRandomizer(model, alpha=0.7, seed=2)(images))
        assert impasto.StyleRandomizer is StyleRandomizer and impasto.StyleModel is type(model)

    @pytest.mark.skipif(not DEFAULT.exists(), reason="no model has come with impasto yet")
    def test_the_model_that_comes_with_impasto(self):
        images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        out = StyleRandomizer.load(alpha=1.0)(images)
        assert not torch.allclose(out[0], out[1], atol=0.05)

    def test_nothing_there(self, tmp_path):
        with pytest.raises(CheckpointError, match="doesn't exist"):
            StyleRandomizer.load(tmp_path / "none.safetensors")
