"""Ways to run the style networks, from as published to as fast as we know."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.errors import RecipeError
from impasto.style import (
    EmbeddingDistribution,
    Float32,
    Graphed,
    InceptionPredictor,
    StyleModel,
    StyleTransformer,
    compiled,
    fast,
    fused,
    script,
)
from impasto_lab.bench.peers import published_style

#: From images [B, 3, H, W], sampled embeddings [B, E] and alpha to images.
Restyle = Callable[[Tensor, Tensor, float], Tensor]


@dataclass(frozen=True)
class Form:
    """One way to run the networks.

    Attributes:
        name: Short name, as in JSON.
        title: What is new in it, beside the form before.
        restyle: Runs it.
        dtype: What it computes in: ``"float32"`` (IEEE's), ``"tf32"``, ``"bfloat16"``, ``"float16"``, or
            ``"int8"`` in convolutions.
        embedding: Dimensions of its embeddings, E.
    """

    name: str
    title: str
    restyle: Restyle
    dtype: str = "float32"
    embedding: int = 100

    @property
    def float32(self) -> Float32:
        """What float32 means while it runs, see `impasto.style.float32_as`."""
        return "tf32" if self.dtype == "tf32" else "ieee"


def full_size(seed: int) -> StyleModel:
    """Networks of the published layout with random weights; batch normalisation has the statistics of noise images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer, predictor = StyleTransformer(), InceptionPredictor(preprocessing="published")
        for layer in predictor.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = None  # an average over all that is seen
        with torch.no_grad():
            predictor.train()(torch.rand(4, 3, 96, 96))
    return StyleModel(transformer, predictor, EmbeddingDistribution(torch.zeros(100), torch.eye(100))).eval()


def steps(model: StyleModel, device: torch.device, *, compile: bool) -> Iterator[Form]:
    """The forms, each with one thing more than the one before, or instead of it; on a GPU at each precision.

    Args:
        model: Full-size networks, on the CPU.
        device: Where they run.
        compile: Whether to try `torch.compile`: seconds to minutes for each shape.
    """
    if compile:
        torch.compiler.reset()  # what was compiled for other workloads counts to a limit
    ours = copy.deepcopy(model).to(device)
    gpu = device.type == "cuda"
    peer = published_style.Published(copy.deepcopy(model)).to(device)
    for form in _eager(peer, ours):
        yield form
        if gpu:
            yield replace(form, name=f"{form.name}-tf32", title=f"{form.title}, TF32", dtype="tf32")
    if gpu:
        for kind in ("bfloat16", "float16"):
            title = f"{published_style.TITLE.partition(' (')[0]} (autocast to {kind})"
            yield Form(f"{published_style.NAME}-{kind}", title, _autocast(peer, getattr(torch, kind)), kind)
        yield from _on_cuda(ours, compile=compile)
        return
    by_bytes = _by_bytes(ours)
    if by_bytes is not None:
        yield by_bytes
    if compile:
        predictor, whole = fast(ours.predictor), fast(ours.transformer)
        whole.whole = True  # type: ignore[assignment]  # else every few images are compiled again
        yield Form("compile", "fast in float32, compiled instead", _restyle(_static(predictor), _static(whole)))


def _by_bytes(ours: StyleModel) -> Form | None:
    """The fast form by bytes; None on a CPU that doesn't multiply them."""
    try:
        networks = [fast(network, dtype=torch.int8) for network in (ours.predictor, ours.transformer)]
    except RecipeError:
        return None
    return Form("int8", "fast by bytes: dtype=torch.int8", _restyle(*networks), "int8")


def _eager(peer: published_style.Published, ours: StyleModel) -> Iterator[Form]:
    yield Form(published_style.NAME, published_style.TITLE, peer)
    yield Form("no_grad", "no gradients recorded", _no_grad(peer))
    channels_last = copy.deepcopy(peer).to(memory_format=torch.channels_last)
    yield Form("channels_last", "channels_last", _no_grad(_in_channels_last(channels_last)))
    predictor = fast(ours.predictor)
    yield Form("folded", "batch normalisation folded", _restyle(predictor, channels_last.transformer))
    plain = fast(ours.transformer)
    plain.expand = nn.ModuleList(_PlainDoubling(conv) for conv in _styled(ours, "expand"))
    plain.paint = _PlainPaint(ours.transformer.paint.conv)
    yield Form("norms", "instance norms in place, one matrix of styles", _restyle(predictor, plain))
    doubling = fast(ours.transformer)
    doubling.paint = _PlainPaint(ours.transformer.paint.conv)
    yield Form("subpixel", "doubling as 2x2 convolutions", _restyle(predictor, doubling))
    transformer = fast(ours.transformer)
    yield Form("fast", "last convolution in blocks: impasto.style.fast", _restyle(predictor, transformer))
    scripted = [script(network, freeze=True) for network in (predictor, transformer)]
    yield Form("torchscript", "the same, scripted and frozen", _restyle(*scripted))


def _on_cuda(ours: StyleModel, *, compile: bool) -> Iterator[Form]:
    for kind in ("float32", "tf32", "bfloat16", "float16"):
        # Each has graphs of its own: they replay the kernels that they were recorded with.
        dtype = torch.float32 if kind == "tf32" else getattr(torch, kind)
        networks = [fast(network, dtype=dtype) for network in (ours.predictor, ours.transformer)]
        if dtype != torch.float32:
            yield Form(kind, f"fast in {kind}", _restyle(*networks), kind)
        graphs = [Graphed(network) for network in networks]
        yield Form(f"{kind}-graphs", f"fast in {kind}, CUDA graphs", _restyle(*graphs), kind)
        if dtype != torch.float32 and find_spec("triton") is not None:
            kernels = fused(ours.transformer, dtype=dtype)
            yield Form(f"{kind}-triton", f"kernels of Triton in {kind}", _restyle(networks[0], kernels), kind)
            both = [graphs[0], Graphed(kernels)]
            yield Form(f"{kind}-triton-graphs", f"kernels of Triton in {kind}, CUDA graphs", _restyle(*both), kind)
        if compile:
            made = [_Cloned(_static(network, mode="reduce-overhead")) for network in networks]
            yield Form(f"{kind}-compile", f"fast in {kind}, compiled, CUDA graphs", _restyle(*made), kind)


def _static(network: nn.Module, **options: Any) -> nn.Module:
    return compiled(network, dynamic=False, **options)


def _autocast(restyle: Restyle, dtype: torch.dtype) -> Restyle:
    def within(images: Tensor, sampled: Tensor, alpha: float) -> Tensor:
        with torch.autocast(images.device.type, dtype):
            return restyle(images, sampled, alpha)

    return within


def small(model: StyleModel, device: torch.device) -> Form:
    """The compact networks in their fast form."""
    ours = copy.deepcopy(model).to(device)
    networks: list[nn.Module] = [fast(ours.predictor), fast(ours.transformer)]
    if device.type == "cuda":
        networks = [Graphed(network) for network in networks]
    title = "another, smaller network: the compact one, fast"
    return Form("compact", title, _restyle(*networks), embedding=ours.embedding)


def _restyle(predictor: Any, transformer: Any) -> Restyle:
    @torch.no_grad()
    def restyle(images: Tensor, sampled: Tensor, alpha: float) -> Tensor:
        restyled: Tensor = transformer(images, torch.lerp(predictor(images), sampled, alpha))
        return restyled

    return restyle


def _no_grad(restyle: Restyle) -> Restyle:
    return torch.no_grad()(restyle)


def _in_channels_last(restyle: Restyle) -> Restyle:
    return lambda images, sampled, alpha: restyle(images.contiguous(memory_format=torch.channels_last), sampled, alpha)


def _styled(model: StyleModel, part: str) -> list[nn.Conv2d]:
    stages: Any = getattr(model.transformer, part)
    return [stage.styled.conv for stage in stages]


class _Cloned(nn.Module):
    """Hands out copies: a compiled network's CUDA graph overwrites its output at the next call."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        return self.network(*inputs).clone()  # type: ignore[no-any-return]


class _PlainDoubling(nn.Module):
    """What the fast form's `DoublingConv` is instead of."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = copy.deepcopy(conv).to(memory_format=torch.channels_last)

    def forward(self, features: Tensor) -> Tensor:
        return self.conv(functional.interpolate(features, scale_factor=2.0, mode="nearest"))  # type: ignore[no-any-return]


class _PlainPaint(nn.Module):
    """The last convolution by itself; its pixels are put where the fast form looks for them."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = copy.deepcopy(conv).to(memory_format=torch.channels_last)

    def forward(self, features: Tensor) -> Tensor:
        return functional.pixel_unshuffle(self.conv(features), 2)
