"""Style networks for inference: rewritten to compute the same in less time and memory.

What it does, with times by step from ``impasto bench style`` (benches/results/style-*.json): channels_last, which
torch's instance normalisation would lose; batch normalisations folded into convolutions; convolutions of doubled
features as 2x2 convolutions of the features (`fold.subpixel`); the last convolution for four pixels at once
(`fold.blocks`); normalisation, scale and shift in place from two means, as one product and sum; 1x1 convolutions by
oneDNN whatever the batch; wide residual convolutions by tiles, with AVX2 (`tiled`). A few images at a time on a CPU
save memory, not time.

Left out, from single measurements of parts on one core: var_mean is three times as slow; batch_norm image by image
takes 0.5 to 3 times as long as two means, from run to run, and is less exact; one 1x1 convolution for the heads of an
Inception block's branches, and 1x1 convolutions as matrix products, made no difference beyond noise; padding by
index_select takes twice as long as torch's, by a copy and strips 1.0 to 2.4 times; all tiles of a 64x64 plane at once
take 1.2 times a convolution's time.
"""

import importlib
from typing import Any

import torch
from torch import nn

from impasto.errors import RecipeError
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.networks.transformer import StyleTransformer
from impasto.style.run.eight_bit import eight_bit
from impasto.style.run.predictors import FastInception, FastStatistics
from impasto.style.run.transformer import FastTransformer

_FAST: tuple[tuple[type[nn.Module], Any], ...] = (
    (StyleTransformer, FastTransformer),
    (InceptionPredictor, FastInception),
    (StatisticsPredictor, FastStatistics),
)


def fast(network: nn.Module, *, dtype: torch.dtype | None = None) -> nn.Module:
    """A network's equivalent for inference: the same forward, equal to rounding, in evaluation mode, without gradients.

    It scripts (`torch.jit.script`), compiles, and takes every size that the network takes. Weights are copied: what is
    trained or loaded later doesn't reach it. Its tensors move with a parent's ``to()`` but are in no state dict.

    Args:
        network: A `StyleTransformer`, `InceptionPredictor` or `StatisticsPredictor`.
        dtype: What convolutions compute in: float32, or bfloat16 or float16 on a GPU; the network's by default.
            Statistics stay float32, and the output has the images' dtype. int8 rounds weights and features of a
            `StyleTransformer` to bytes, on a CPU with VNNI: see `impasto.style.run.eight_bit`. It doesn't script.

    Returns:
        The equivalent, on the network's device.

    Raises:
        RecipeError: If it is another kind of network, or there is no int8 here.

    Examples:
        >>> network = StyleTransformer(widths=(8, 16, 32), residuals=1).eval()
        >>> images, styles = torch.rand(2, 3, 33, 50), torch.zeros(2, 100)
        >>> bool((fast(network)(images, styles) - network(images, styles)).abs().max() < 1e-4)
        True
    """
    for kind, form in _FAST:
        if isinstance(network, kind):
            bytes_alike = dtype == torch.int8
            made: nn.Module = form(network, dtype=torch.float32 if bytes_alike else dtype)
            if bytes_alike and isinstance(made, FastTransformer):
                made = eight_bit(made)
            return made.eval()
    known = ", ".join(kind.__name__ for kind, _ in _FAST)
    raise RecipeError(f"there is no fast form of {type(network).__name__}; there are ones of {known}")


def fused(network: nn.Module, *, dtype: torch.dtype | None = None) -> nn.Module:
    """A `StyleTransformer` for a GPU in half precision, its features read and written once between convolutions.

    Kernels of Triton take the place of all that stands between convolutions: see
    `impasto.style.run.fused.transformer.FusedTransformer`. Tested on a CPU, in Triton's interpreter; not timed on a GPU
    yet, so ``StyleRandomizer(backend="triton")`` asks for it.

    Args:
        network: A `StyleTransformer`.
        dtype: Of convolutions and features; the network's by default.

    Returns:
        The equivalent, on the network's device.

    Raises:
        NotImplementedError: If it is another kind of network.
        ImportError: If Triton is not installed; torch brings it for GPUs, on Linux.
    """
    if not isinstance(network, StyleTransformer):
        raise NotImplementedError(f"there are no kernels for {type(network).__name__}, only for StyleTransformer")
    room = importlib.import_module("impasto.style.run.fused.transformer")
    made: nn.Module = room.FusedTransformer(network, dtype=dtype)
    return made.eval()
