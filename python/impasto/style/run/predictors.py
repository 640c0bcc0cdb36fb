"""The style predictors for inference: the same embeddings in less time and memory."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.features import GAIN, MEAN
from impasto.style.networks.inception import InceptionPredictor
from impasto.style.run import fold
from impasto.style.run.layers import PIXELS, FastReflectConv, LaidOut, at_once, copied, laid_out, wide_moments


class FastInception(nn.Module):
    """What `impasto.style.run.fast` makes of an `InceptionPredictor`. Gradients don't pass.

    Batch normalisations (with their running statistics) are folded into the convolutions before them, and the map of
    the input into the first one.

    Args:
        network: Its weights are copied as they are now.
        dtype: Of convolutions and features; the network's by default. The last linear layer stays wide.
    """

    def __init__(self, network: InceptionPredictor, *, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.embedding = network.embedding
        self.smallest = network.smallest
        layers: list[Any] = [copy.deepcopy(layer) for layer in network.children()]
        first, *middle, last = layers
        weight, bias = fold.batch_norm(first.conv, first.bn)
        weight, bias = fold.input_affine(weight, bias, network.scale.flatten(), network.shift.flatten())
        self.first = FoldedConv(first.conv, weight, bias, dtype)
        self.layers = nn.Sequential(*(_folded(layer, dtype) for layer in middle))
        self.fc = WideLinear(last)

    def forward(self, images: Tensor) -> Tensor:
        """Predicts embeddings.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 43.

        Returns:
            [B, E].
        """
        with torch.no_grad():
            # All images at once: one by one, 96x96 took nearly twice the time on one core.
            features = self.layers(self.first(laid_out(images.to(self.first.weight.dtype))))
            statistics = features.to(self.fc.weight.dtype).mean(dim=[2, 3])
            predicted: Tensor = self.fc(statistics)
            return predicted


class WideLinear(nn.Module):
    """A linear layer that no state dict has."""

    weight: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", copied(linear.weight), persistent=False)
        self.register_buffer("bias", copied(linear.bias), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I] to [B, O]."""
        return functional.linear(features, self.weight, self.bias)


class FoldedConv(LaidOut):
    """A convolution over a border of zeros, with bias and ReLU."""

    weight: Tensor
    bias: Tensor

    def __init__(self, conv: nn.Conv2d, weight: Tensor, bias: Tensor, dtype: torch.dtype | None) -> None:
        super().__init__()
        assert not isinstance(conv.padding, str)
        self.stride, self.border = list(conv.stride), list(conv.padding)
        # A single pixel can't be spread; but asked to, torch leaves 1x1 convolutions to oneDNN on a CPU, too: for
        # one thread and less than 16 images it takes a matrix product otherwise, which is slower.
        single = list(conv.kernel_size) == [1, 1] and torch._C._has_mkldnn
        self.spread = [2, 2] if single else [1, 1]
        self.register_buffer("weight", copied(weight, dtype), persistent=False)
        self.register_buffer("bias", copied(bias, dtype), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, H', W']."""
        spread = self.spread if features.device.type == "cpu" else [1, 1]
        return functional.conv2d(features, self.weight, self.bias, self.stride, self.border, spread).relu_()


def _folded(layer: Any, dtype: torch.dtype | None) -> nn.Module:
    """A layer, or block of layers, of torchvision's Inception, with its batch normalisations folded."""
    if hasattr(layer, "conv") and hasattr(layer, "bn"):
        return FoldedConv(layer.conv, *fold.batch_norm(layer.conv, layer.bn), dtype)
    for name, inner in list(layer.named_children()):
        setattr(layer, name, _folded(inner, dtype))
    return layer  # type: ignore[no-any-return]


class FastStatistics(nn.Module):
    """What `impasto.style.run.fast` makes of a `StatisticsPredictor`. Gradients don't pass.

    Args:
        network: Its weights are copied as they are now.
        dtype: Of convolutions and features; the network's by default. Statistics stay wide.
    """

    def __init__(self, network: StatisticsPredictor, *, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.embedding = network.embedding
        self.smallest = network.smallest
        self.pixels = torch.get_num_threads() * PIXELS
        #: Whether all images are worked on at once, on a CPU too.
        self.whole = False
        self.blocks = nn.ModuleList()
        for number, block in enumerate(network.features.blocks):
            convs: list[Any] = [conv for conv in block.modules() if isinstance(conv, nn.Conv2d)]
            pairs = [(conv.weight, conv.bias) for conv in convs]
            if number == 0:
                # SmallVGG's map of the input; reflecting borders commutes with it.
                scale, shift = convs[0].weight.new_tensor([[GAIN] * 3, [-MEAN * GAIN] * 3])
                pairs[0] = fold.input_affine(*pairs[0], scale, shift)
            layers: list[nn.Module] = []
            for weight, bias in pairs:
                layers += [FastReflectConv(weight, bias, dtype=dtype), nn.ReLU(inplace=True)]
            self.blocks.append(nn.Sequential(*layers))
        self.fc = WideLinear(network.fc)

    def forward(self, images: Tensor) -> Tensor:
        """Predicts embeddings.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 16.

        Returns:
            [B, E].
        """
        with torch.no_grad():
            if self.whole or images.device.type != "cpu":
                found = self.statistics(images)
            else:
                parts: list[Tensor] = []
                for some in torch.split(images, at_once(images, 2 * self.pixels)):
                    parts.append(self.statistics(some))  # noqa: PERF401  TorchScript
                found = torch.cat(parts)
            predicted: Tensor = self.fc(found)
            return predicted

    def statistics(self, images: Tensor) -> Tensor:
        """What the embedding is linear in."""
        wide = laid_out(images.to(self.fc.weight.dtype))
        parts = [wide_moments(wide)]
        features = wide
        for number, block in enumerate(self.blocks):
            if number > 0:
                features = functional.avg_pool2d(features, 2)
            features = block(features)
            parts.append(wide_moments(features).to(wide.dtype))
        return torch.cat(parts, dim=1)
