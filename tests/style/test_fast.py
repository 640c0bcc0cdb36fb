"""The fast forms compute what the networks compute."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from impasto.errors import RecipeError
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.networks.transformer import StyleTransformer
from impasto.style.run import fold, layers, predictors, tiled
from impasto.style.run.backends import script
from impasto.style.run.forms import fast
from impasto.style.run.graphed import Graphed

EXACT = 1e-9  # what the algebra may differ by in float64
ROUNDED = 5e-5  # and in float32, of pixels in [0, 1]


def _transformer(seed: int = 0, **config: Any) -> StyleTransformer:
    torch.manual_seed(seed)
    network = StyleTransformer(**config)
    for name, parameter in network.named_parameters():
        if name.endswith("bias") or "amount" in name:
            nn.init.normal_(parameter)  # what is left out must be there to be missed
    return network.eval()


def _inception(**config: Any) -> InceptionPredictor:
    """With statistics of features that come about: else the last ones would vanish, and any difference with them."""
    torch.manual_seed(0)
    network = InceptionPredictor(**config)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.3)
    with torch.no_grad():
        network.train()(torch.rand(4, 3, 96, 96))
    return network.eval()


def _compact(**config: Any) -> StatisticsPredictor:
    torch.manual_seed(0)
    return StatisticsPredictor(**config).eval()


def _worst(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    assert one.dtype == other.dtype
    return float((one - other).detach().abs().max())


@hypothesis_settings(max_examples=25)
@given(
    batch=st.integers(1, 3),
    height=st.integers(8, 70),
    width=st.integers(8, 70),
    widths=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    residuals=st.integers(0, 2),
    kernel=st.sampled_from([3, 5, 9]),
    bilinear=st.booleans(),
    grain=st.booleans(),
)
@example(batch=1, height=8, width=8, widths=(4, 4, 4), residuals=1, kernel=9, bilinear=True, grain=True)
@example(batch=3, height=69, width=13, widths=(3, 5, 8), residuals=2, kernel=15, bilinear=False, grain=False)
@example(batch=2, height=17, width=270, widths=(3, 5, 9), residuals=1, kernel=5, bilinear=True, grain=True)
def test_the_transformer_is_exact(batch: int, height: int, width: int, **config: Any) -> None:
    network = _transformer(embedding=5, **config).double()
    images, styles = torch.rand(batch, 3, height, width).double(), torch.randn(2, batch, 5).double()
    quick = fast(network)
    made, expected = quick(images, styles[0]), network(images, styles[0])
    assert _worst(made, expected) < EXACT
    assert made.is_contiguous()
    assert not made.requires_grad
    rest = torch.rand(batch).double()
    less = expected - rest[:, None, None, None] * network(images, styles[1])
    for way in (network, quick):
        assert _worst(way.less_own(images, *styles, rest), less) < EXACT  # type: ignore[operator]


def test_the_compact_transformer_scripts_in_parts() -> None:
    network = _transformer(widths=(4, 6, 8), residuals=1, embedding=6, kernel=5, bilinear=True, grain=True)
    images, styles, rest = torch.rand(9, 3, 96, 97), torch.randn(2, 9, 6), torch.rand(9)  # too many for one part
    with torch.no_grad():
        less, painted = network.less_own(images, *styles, rest), network(images, styles[0])
    for form in (script(fast(network)), fast(network, dtype=torch.bfloat16)):
        assert float((form.less_own(images, *styles, rest) - less).abs().mean()) < 0.01
        assert float((form(images, styles[0]) - painted).abs().mean()) < 0.01


@pytest.mark.parametrize("size", [(96, 96), (65, 50)])
def test_the_published_size_is_equal_to_rounding_and_scripts(size: tuple[int, int]) -> None:
    network = _transformer()
    images, styles = torch.rand(3, 3, *size), torch.randn(3, 100)
    quick, expected = fast(network), network(images, styles)
    assert _worst(quick(images, styles), expected) < ROUNDED
    for form in (script(quick), script(quick, freeze=True)):
        for _ in range(3):  # TorchScript rewrites what it has seen run
            assert _worst(form(images, styles), expected) < ROUNDED


def test_images_and_styles_don_t_mix_and_stay_as_they_are() -> None:
    quick = fast(_transformer(widths=(8, 8, 8), residuals=1, embedding=6))
    images, styles = torch.rand(5, 3, 96, 97), torch.randn(5, 6)  # more than are worked on at once
    kept = images.clone(), styles.clone()
    alone = torch.cat([quick(images[row : row + 1], styles[row : row + 1]) for row in range(5)])
    assert _worst(quick(images, styles), alone) < ROUNDED
    assert torch.equal(images, kept[0]) and torch.equal(styles, kept[1])


@pytest.mark.parametrize("preprocessing", ["inception", "published"])
def test_inception_is_exact(preprocessing: Any) -> None:
    network = _inception(preprocessing=preprocessing, embedding=7)
    images = torch.rand(2, 3, 75, 90)
    expected = network(images).detach()
    assert expected.std() > 0.1
    assert _worst(script(fast(network))(images), expected) < 1e-4
    exact = copy.deepcopy(network).double()
    assert _worst(fast(exact)(images.double()), exact(images.double())) < EXACT


@hypothesis_settings(max_examples=10)
@given(batch=st.integers(1, 3), height=st.integers(16, 60), width=st.integers(16, 60))
def test_the_compact_predictor_is_exact(batch: int, height: int, width: int) -> None:
    network = _compact(embedding=5, widths=(3, 4, 5, 6)).double()
    images = torch.rand(batch, 3, height, width).double()
    kept = images.clone()
    assert _worst(fast(network)(images), network(images)) < EXACT
    assert torch.equal(images, kept)


def test_the_compact_predictor_scripts() -> None:
    network = _compact()
    images = torch.rand(9, 3, 96, 96)
    assert _worst(script(fast(network))(images), network(images)) < 1e-5


@pytest.mark.parametrize("make", [_transformer, _inception, _compact])
def test_later_changes_don_t_reach_it_and_no_state_dict_has_it(make: Callable[[], nn.Module]) -> None:
    network = make()
    quick = fast(network)
    images = torch.rand(1, 3, 64, 64)
    inputs = (images, torch.randn(1, 100)) if isinstance(network, StyleTransformer) else (images,)
    before = quick(*inputs)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(quick(*inputs), before)
    assert not quick.state_dict() and not list(quick.parameters())


def test_half_precision_keeps_dtype_and_statistics() -> None:
    network = _transformer(widths=(8, 16, 16), residuals=2, embedding=6)
    images, styles = torch.rand(2, 3, 48, 48), torch.randn(2, 6)
    made = fast(network, dtype=torch.bfloat16)(images, styles)
    assert made.dtype == torch.float32
    assert float((made - network(images, styles).detach()).abs().mean()) < 0.01


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (7, 4)])
def test_doubling_and_convolving_is_one_convolution(size: tuple[int, int]) -> None:
    images, weight = torch.randn(2, 3, *size).double(), torch.randn(4, 3, 3, 3).double()
    doubled = images.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = functional.conv2d(functional.pad(doubled, [1, 1, 1, 1], mode="reflect"), weight)
    phases = functional.conv2d(functional.pad(images, [1, 1, 1, 1], mode="replicate"), fold.subpixel(weight))
    for row in range(2):
        for column in range(2):
            phase = phases[:, 4 * (2 * row + column) :, row:, column:]
            phase = phase[:, :4, : size[0], : size[1]]
            assert _worst(phase, expected[:, :, row::2, column::2]) < EXACT


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (7, 4)])
def test_doubling_bilinearly_and_convolving_is_one_convolution(size: tuple[int, int]) -> None:
    images, weight = torch.randn(2, 3, *size).double(), torch.randn(4, 3, 3, 3).double()
    doubled = functional.interpolate(images, scale_factor=2, mode="bilinear")
    expected = functional.conv2d(functional.pad(doubled, [1, 1, 1, 1], mode="replicate"), weight)
    assert _worst(layers.DoublingConv(weight, bilinear=True)(images), expected) < EXACT


def test_wide_numbers_on_a_gpu_are_not_in_channels_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meta device stands for one; and what is computed is the same in either layout."""
    network = _transformer(widths=(8, 8, 16), residuals=1, embedding=6)
    for dtype, last in ((torch.float32, False), (torch.bfloat16, True), (torch.float16, True)):
        for form in (fast(network, dtype=dtype).to("meta"), fast(copy.deepcopy(network).to("meta"), dtype=dtype)):
            for weight in (value for value in form.buffers() if value.ndim == 4 and min(value.shape) > 1):
                assert weight.is_contiguous(memory_format=torch.channels_last) == last
    images, styles = torch.rand(2, 3, 33, 22), torch.randn(2, 6)
    monkeypatch.setattr(layers, "channels_last", lambda values: False)
    assert _worst(fast(network)(images, styles), network(images, styles)) < ROUNDED
    compact = _compact()
    assert _worst(fast(compact)(images), compact(images)) < 1e-5


@pytest.mark.parametrize("make", [_transformer, _inception, _compact])
def test_all_images_at_once_are_painted_the_same(make: Callable[[], nn.Module]) -> None:
    network = make()
    images = torch.rand(5, 3, 96, 97)
    inputs = (images, torch.randn(5, 100)) if isinstance(network, StyleTransformer) else (images,)
    some, whole = fast(network), fast(network)
    whole.whole = True  # type: ignore[assignment]
    assert _worst(whole(*inputs), some(*inputs)) < ROUNDED


def _operators(call: Callable[[], object]) -> Counter[str]:
    """How often which of torch's operators run in a call."""
    with torch.no_grad(), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        call()
    return Counter(event.name for event in profile.events())


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_standardizing_is_instance_normalisation_rounded_once(dtype: torch.dtype, last: bool) -> None:
    torch.manual_seed(0)
    layout = torch.channels_last if last else torch.contiguous_format
    features = (5 + 3 * torch.randn(3, 6, 11, 7)).to(dtype).to(memory_format=layout)
    wide = torch.promote_types(dtype, torch.float32)
    gamma, beta = torch.randn(2, 3, 6).to(wide)
    expected = functional.instance_norm(features.double())
    styled = gamma[:, :, None, None] * expected + beta[:, :, None, None]
    # Half a step of the dtype, of each value, beside what is computed in wide numbers.
    near = {"rtol": 0.51 * torch.finfo(dtype).eps, "atol": 50 * torch.finfo(wide).eps}
    for styles, result in (((), expected), ((gamma, beta), styled)):
        own = features.clone()
        assert layers.standardize(own, *styles).data_ptr() == own.data_ptr()
        assert own.is_contiguous(memory_format=layout)
        torch.testing.assert_close(own.double(), result, **near)


def test_doubled_features_are_written_once() -> None:
    found = torch.randn(2, 4 * 3, 5, 6).to(memory_format=torch.channels_last)
    pixels = found.view(2, 4, 3, 5, 6).transpose(1, 2).reshape(2, 12, 5, 6)
    doubled = layers.interleaved(found, 3, 0, 5, 6)
    assert torch.equal(doubled, functional.pixel_shuffle(pixels, 2))
    assert doubled.is_contiguous(memory_format=torch.channels_last)
    assert _operators(lambda: layers.interleaved(found, 3, 0, 5, 6))["aten::copy_"] == 4


@pytest.mark.skipif(not torch._C._has_mkldnn, reason="this torch has no oneDNN")
def test_single_pixels_too_are_convolved_by_onednn() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        quick = fast(_inception())
        ran = _operators(lambda: quick(torch.rand(2, 3, 75, 75)))
    finally:
        torch.set_num_threads(threads)
    convolutions = sum(isinstance(layer, predictors.FoldedConv) for layer in quick.modules())
    assert ran["aten::mkldnn_convolution"] == convolutions > 60


@pytest.mark.parametrize("size", [(1, 2, 2), (3, 5, 9), (1, 64, 64), (2, 23, 24), (97, 4, 4)])
def test_tiles_are_the_convolution(size: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    batch, height, width = size
    features, weight = torch.randn(batch, 7, height, width).double(), torch.randn(5, 7, 3, 3).double() / 8
    expected = functional.conv2d(functional.pad(features, [1, 1, 1, 1], mode="reflect"), weight)
    for dtype, near in ((torch.float64, 1e-12), (torch.float32, 5e-5)):
        conv = tiled.TiledConv(weight, dtype=dtype)
        for form in (conv, script(conv)):
            made = form(features)
            assert made.dtype == dtype
            assert made.is_contiguous(memory_format=torch.channels_last)
            assert _worst(made.double(), expected) < near
    with torch.autocast("cpu", torch.bfloat16):
        assert _worst(conv(features).double(), expected) < 5e-5
    assert _operators(lambda: conv(features))["aten::bmm"] > 0
    assert _operators(lambda: conv.bfloat16()(features))["aten::bmm"] == 0


@pytest.mark.parametrize("narrow", [torch.bfloat16, torch.float16])
def test_tiles_are_of_the_weight_as_it_is_now(narrow: torch.dtype) -> None:
    """Kernels that were rounded by themselves are off by a hundred times as much."""
    torch.manual_seed(0)
    features, weight = torch.randn(2, 7, 9, 10).double(), torch.randn(5, 7, 3, 3).double() / 8
    padded, rounded = functional.pad(features, [1, 1, 1, 1], mode="reflect"), weight.to(narrow).double()
    for scripts in (False, True):
        conv = tiled.TiledConv(weight)
        form: Any = script(conv) if scripts else conv
        assert _worst(form.to(narrow).to(torch.float32)(features).double(), functional.conv2d(padded, rounded)) < 5e-5
        assert _worst(form.double()(features), functional.conv2d(padded, rounded)) < 1e-12
        assert _operators(lambda form=form: form(features))["aten::bmm"] == (0 if scripts else 1)


def test_no_images_have_no_tiles() -> None:
    conv = tiled.TiledConv(torch.randn(5, 7, 3, 3))
    for form in (conv, script(conv)):
        assert form(torch.rand(0, 7, 9, 10)).shape == (0, 5, 9, 10)


@pytest.mark.parametrize(("capability", "some"), [("AVX2", 2), ("AVX512", 0)])
def test_wide_convolutions_are_tiled_where_it_pays(capability: str, some: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    network = _transformer(widths=(4, 4, 96), residuals=1, embedding=3).double()
    quick = fast(network)
    assert sum(isinstance(layer, tiled.TiledConv) for layer in quick.modules()) == some
    assert not any(isinstance(layer, tiled.TiledConv) for layer in fast(network, dtype=torch.float16).modules())
    images, styles = torch.rand(2, 3, 45, 70).double(), torch.randn(2, 3).double()
    assert _worst(quick(images, styles), network(images, styles)) < EXACT


def test_another_network_has_no_fast_form() -> None:
    with pytest.raises(RecipeError, match="no fast form of Linear"):
        fast(nn.Linear(2, 2))


def test_graphs_leave_other_devices_alone() -> None:
    network = Graphed(fast(_transformer(widths=(4, 4, 4), residuals=1, embedding=3)))
    images, styles = torch.rand(2, 3, 16, 16), torch.randn(2, 3)
    assert torch.equal(copy.deepcopy(network)(images, styles), network.network(images, styles))


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_graphs_replay_what_the_network_computes(dtype: torch.dtype) -> None:
    network = _transformer()
    quick = fast(network.cuda(), dtype=dtype)
    graphed = Graphed(quick)
    for size in (96, 64, 96, 33):
        images, styles = torch.rand(4, 3, size, size).cuda(), torch.randn(4, 100).cuda()
        first = graphed(images, styles)
        kept = first.clone()
        assert _worst(first, quick(images, styles)) < 1e-3
        assert float((first - network(images, styles).detach()).abs().mean()) < (
            1e-3 if dtype == torch.float32 else 2e-2
        )
        graphed(1 - images, styles)
        assert torch.equal(first, kept)  # the next replay doesn't overwrite what was handed out
    assert torch.equal(graphed.cpu().float()(images.cpu(), styles.cpu()), quick(images.cpu(), styles.cpu()))
