"""The painting alone: what the randomizer paints, and whole for torch.compile and torch.export."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from impasto import RecipeError, StyleRandomizer
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.run.backends import script

from .conftest import DTYPES, SIZE, as_dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"base": "mean"}, {"downsample": 1}, {"differentiable": True}])
def test_it_paints_what_the_randomizer_paints(model, images, dtype, options):
    stylize, batch = StyleRandomizer(model, ratio="1:1", alpha=(0, 1), **options), as_dtype(images, dtype)
    paint, plan = stylize.to_module(), stylize.draw(5)
    out, wanted = paint(batch, plan.embeddings, plan.alphas, plan.rows), stylize(batch, plan)
    assert out.dtype == dtype
    tolerance = 1 if dtype == torch.uint8 else max(1e-5, torch.finfo(dtype).eps)
    assert float((out.double() - wanted.double()).abs().max()) <= tolerance
    assert torch.allclose(paint.predict(batch), stylize.predict(batch), atol=1e-5)


def test_gradients_pass_where_they_are_asked_for(model, images):
    stylize = StyleRandomizer(model)
    plan = stylize.draw(5)
    images.requires_grad_()
    assert not stylize.to_module()(images, plan.embeddings, plan.alphas).requires_grad
    StyleRandomizer(model, differentiable=True).to_module()(images, plan.embeddings, plan.alphas).sum().backward()
    assert images.grad.abs().sum() > 0


@pytest.mark.parametrize("differentiable", [False, True])
def test_it_compiles_whole_and_once(model, images, differentiable):
    stylize = StyleRandomizer(model, ratio="1:1", differentiable=differentiable)
    paint = stylize.to_module()
    torch.compiler.reset()
    counters = torch._dynamo.utils.counters
    counters.clear()
    compiled = torch.compile(paint, backend="eager", fullgraph=True)
    for batch in (images, images.flip(0), images.flip(3)):
        plan = stylize.draw(len(batch), rows=[0, 2, 3])
        arguments = plan.embeddings, plan.alphas, plan.rows
        assert torch.allclose(compiled(batch, *arguments), paint(batch, *arguments), atol=1e-5)
    assert not counters["graph_break"]
    assert counters["stats"]["unique_graphs"] == 1


@pytest.mark.parametrize("differentiable", [False, True])
def test_it_exports_for_any_batch_and_size(model, images, differentiable):
    stylize = StyleRandomizer(model, differentiable=differentiable)
    paint, plan = stylize.to_module(), stylize.draw(5)
    auto = torch.export.Dim.AUTO
    shapes = {0: auto, 2: auto, 3: auto}, {0: auto}, {0: auto}
    example = images, plan.embeddings, plan.alphas
    exported = torch.export.export(paint, example, dynamic_shapes=shapes).module()
    for batch in (images, images[:2, :, :19, :30].contiguous()):
        plan = stylize.draw(len(batch))
        arguments = batch, plan.embeddings, plan.alphas
        assert torch.allclose(exported(*arguments), paint(*arguments), atol=1e-5)


def test_inception_is_folded(model):
    torch.manual_seed(0)
    model.predictor = InceptionPredictor(embedding=SIZE).eval()
    paint = StyleRandomizer(model, differentiable=True).to_module().train()
    assert not [name for name, _ in paint.predictor.named_modules() if name.endswith("bn.running_mean")]
    images = torch.rand(2, 3, 60, 60)
    with torch.no_grad():
        assert torch.allclose(paint.predict(images), model.predictor(images), atol=1e-4, rtol=1e-3)


def test_the_randomizer_is_left_as_it_is_in_a_compiled_step(model, images):
    """One break, at the module, however often it is called; no recompiling for each call's styles."""
    stylize, same = StyleRandomizer(model, seed=2), StyleRandomizer(model, seed=2)
    torch.compiler.reset()
    counters = torch._dynamo.utils.counters
    counters.clear()
    step = torch.compile(lambda images: stylize(images) * 2, backend="eager")
    for _ in range(10):
        assert torch.equal(step(images), same(images) * 2)
    assert sum(counters["graph_break"].values()) <= 2
    assert counters["stats"]["unique_graphs"] <= 2


@pytest.mark.parametrize("strict", [False, True])
def test_export_of_what_holds_a_randomizer_says_what_is_exported(model, images, strict):
    net = nn.Sequential(StyleRandomizer(model), nn.Conv2d(3, 4, 3))
    with pytest.raises(Exception, match="to_module") as caught:
        torch.export.export(net, (images,), strict=strict)
    assert strict or isinstance(caught.value, RecipeError)


def test_in_evaluation_mode_export_goes_through_a_randomizer(model, images):
    net = nn.Sequential(StyleRandomizer(model), nn.Conv2d(3, 4, 3)).eval()
    exported = torch.export.export(net, (images,), strict=False).module()
    assert torch.allclose(exported(images), net(images), atol=1e-6)


def test_scripting_what_holds_a_randomizer_says_what_is_scripted(model):
    for module in (StyleRandomizer(model), nn.Sequential(StyleRandomizer(model).eval(), nn.Conv2d(3, 4, 3))):
        with pytest.raises(RecipeError, match=r"to_module\(\).*Identity.*to_torchscript\(\)"):
            script(module)
