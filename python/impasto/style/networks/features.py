"""A small VGG whose features losses and the compact predictor look at."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import require

#: Channels of the four blocks.
WIDTHS = (16, 32, 64, 128)
#: Convolutions of each block, as in VGG-16's first four.
DEPTHS = (2, 2, 3, 3)
#: What images in [0, 1] are brought by to about zero mean and a deviation of one: ``(x - MEAN) * GAIN``.
MEAN, GAIN = 0.45, 4.0


class SmallVGG(nn.Module):
    """VGG-16's first four blocks, a quarter as wide, without normalisation layers: 0.16 GMAC for 96x96 pixels.

    Args:
        widths: Channels of the four blocks.

    Examples:
        >>> [tuple(features.shape) for features in SmallVGG()(torch.rand(1, 3, 64, 64))]
        [(1, 16, 64, 64), (1, 32, 32, 32), (1, 64, 16, 16), (1, 128, 8, 8)]
    """

    #: The smallest height and width.
    smallest = 16
    #: What TorchScript leaves alone.
    __jit_unused_properties__ = ("config",)

    def __init__(self, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        require(len(widths) == len(DEPTHS) and min(widths) > 0, f"widths={widths!r} must be four positive numbers")
        self.widths = tuple(widths)
        inputs = (3, *self.widths[:-1])
        self.blocks = nn.ModuleList(
            Block(inside, outside, depth) for inside, outside, depth in zip(inputs, self.widths, DEPTHS, strict=True)
        )

    @property
    def config(self) -> dict[str, Any]:
        """The arguments that build it."""
        return {"widths": list(self.widths)}

    def forward(self, images: Tensor) -> list[Tensor]:
        """The last features of each block.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 16.

        Returns:
            Four tensors [B, C, H / s, W / s] with s of 1, 2, 4 and 8, after ReLU: VGG-16's relu1_2, relu2_2, relu3_3
            and relu4_3.
        """
        features = centered(images)
        layers: list[Tensor] = []
        for number, block in enumerate(self.blocks):
            if number > 0:
                # The mean, not the largest: gradients reach every pixel (Gatys et al. 2016, section 2).
                features = functional.avg_pool2d(features, 2)
            features = block(features)  # [B, C, H/s, W/s], s of 1, 2, 4, 8
            layers.append(features)
        return layers


class Block(nn.Module):
    """Some 3x3 convolutions, each with ReLU, over reflected borders: no dark frame is in their statistics."""

    def __init__(self, inputs: int, outputs: int, depth: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(inputs if place == 0 else outputs, outputs, 3) for place in range(depth))

    def forward(self, features: Tensor) -> Tensor:
        """From [B, inputs, H, W] to [B, outputs, H, W]."""
        for conv in self.convs:
            features = functional.relu(conv(functional.pad(features, [1, 1, 1, 1], mode="reflect")))
        return features


def centered(images: Tensor, mean: float = MEAN, gain: float = GAIN) -> Tensor:
    """Images [B, 3, H, W] in [0, 1] as `SmallVGG` looks at them."""
    return (images - mean) * gain


def moments(features: Tensor) -> Tensor:
    """Mean and standard deviation of each channel over the places.

    Args:
        features: [B, C, H, W].

    Returns:
        [B, 2C].
    """
    variance, mean = torch.var_mean(features, dim=[2, 3], correction=0)  # [B, C] each
    return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)
