"""`StyleTransformer` for a GPU in half precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.style.networks.transformer import StyledConv, StyleTransformer, grains_of, style_linears
from impasto.style.run import fold
from impasto.style.run.fused import kernels
from impasto.style.run.fused.launching import Plane, Styles, in_blocks, measured, normalized
from impasto.style.run.layers import LaidOut, copied

#: The side of the blocks that the first and the last convolution compute at once: 48 channels for three.
_BLOCK = 4


class Weight(LaidOut):
    """A convolution's weight, without bias: a normalisation follows, which takes it away."""

    weight: Tensor

    def __init__(self, weight: Tensor, dtype: torch.dtype | None, *, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("weight", copied(weight, dtype), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, I, H, W] to [B, O, H', W']; borders are there already."""
        found = functional.conv2d(features, self.weight, stride=self.stride)
        return found.contiguous(memory_format=torch.channels_last)


class FusedTransformer(nn.Module):
    """A `StyleTransformer` whose features are read and written once between two convolutions. Gradients don't pass.

    Two kernels stand between convolutions: one takes statistics, in float32; the other normalises, scales, shifts,
    activates, adds shortcuts, and lays the next convolution's border around. The first and the last convolution make
    4x4 pixels at once, in 48 and 512 channels for 3 and 32: 1.8 times the products, in a form that matrix units take.

    Args:
        network: Its weights are copied as they are now.
        dtype: Of convolutions and features; the network's by default. Statistics, scales and shifts stay float32.
    """

    style_weight: Tensor
    style_bias: Tensor
    noise: Tensor

    def __init__(self, network: StyleTransformer, *, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.embedding = network.embedding
        first, *halving = [conv for conv in network.contract.modules() if isinstance(conv, nn.Conv2d)]
        styled = [layer for layer in network.modules() if isinstance(layer, StyledConv)]  # in the order of use
        *residual, up, further, paint = styled
        self.border = first.kernel_size[0] // 2
        self.first = Weight(fold.gathered(first.weight, _BLOCK), dtype)
        self.halving = nn.ModuleList(Weight(conv.weight, dtype, stride=2) for conv in halving)
        self.residual = nn.ModuleList(Weight(layer.conv.weight, dtype) for layer in residual)
        self.bilinear = bool(network.config["bilinear"])
        doubled = fold.bilinear if self.bilinear else fold.subpixel
        self.expand = nn.ModuleList(Weight(doubled(layer.conv.weight), dtype) for layer in (up, further))
        self.paint = Weight(fold.gathered(paint.conv.weight, _BLOCK), dtype)
        self.widths = [conv.out_channels for conv in (first, *halving)]
        # Scales, shifts and amounts of grain are linear in the embedding: one matrix gives those of all layers.
        grains = grains_of(network)
        self.grained = bool(grains)
        noise = grains[0].noise if grains else network.paint.conv.weight.new_zeros(1, 1, 1)
        self.register_buffer("noise", copied(noise, torch.float32), persistent=False)
        linears = style_linears(network)
        self.sizes = [linear.out_features for linear in linears]
        for what in ("weight", "bias"):
            together = torch.cat([getattr(linear, what) for linear in linears])
            self.register_buffer(f"style_{what}", copied(together, torch.float32), persistent=False)

    def forward(self, images: Tensor, embeddings: Tensor) -> Tensor:
        """Repaints images.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 8.
            embeddings: [B, E], a style for each image.

        Returns:
            [B, 3, H, W], in [0, 1], of the images' dtype.
        """
        with torch.no_grad():
            return self._restyled(self._contracted(images), embeddings, images)

    def less_own(self, images: Tensor, embeddings: Tensor, own: Tensor, rest: Tensor) -> Tensor:
        """``G(c, z) - rest * G(c, own)``, as `StyleTransformer.less_own`."""
        with torch.no_grad():
            twice = self._restyled(self._contracted(images), torch.cat([embeddings, own]), images)
            count = images.size(0)
            return torch.addcmul(twice[:count], rest[:, None, None, None], twice[count:], value=-1.0)

    def _blocks(self, height: int, width: int, weight: Tensor) -> tuple[int, int, int]:
        """The side of blocks and the size of the padded plane that make ``height`` x ``width`` pixels."""
        more = weight.size(2) - 1
        return _BLOCK, (-(-height // _BLOCK) + more) * _BLOCK, (-(-width // _BLOCK) + more) * _BLOCK

    def _contracted(self, images: Tensor) -> Plane:
        weight = self.first.weight
        height, width = images.shape[-2:]
        taken = in_blocks(images, border=self.border, blocks=self._blocks(height, width, weight), dtype=weight.dtype)
        plane = measured(Plane(self.first(taken), self.widths[0], height, width, side=_BLOCK))
        for conv, channels in zip(self.halving, self.widths[1:], strict=True):
            found = conv(normalized(plane))
            plane = measured(Plane(found, channels, found.size(2), found.size(3)))
        return plane

    def _styles(self, embeddings: Tensor) -> tuple[list[Styles], list[Tensor]]:
        """Scales and shifts of each styled layer, and the amounts of grain of each place for it."""
        found = functional.linear(embeddings.to(torch.float32), self.style_weight, self.style_bias)
        parts = list(torch.split(found, self.sizes, dim=1))
        layers = len(self.residual) + 3
        styles = [Styles(scales=parts[layer], shifts=parts[layers + layer]) for layer in range(layers)]
        return styles, parts[2 * layers :]

    def _restyled(self, plane: Plane, embeddings: Tensor, images: Tensor) -> Tensor:
        count = embeddings.size(0)
        styles, amounts = self._styles(embeddings)
        noise = self.noise if self.grained else None
        deep, middle = (amounts[1], amounts[2]) if self.grained else (None, None)
        last = len(self.residual) - 1
        entry = amounts[0] if self.grained else None
        if last < 0 and entry is not None and deep is not None:
            entry = entry + deep
        features = normalized(plane, Styles(amounts=entry, noise=noise), count=count, reflects=last >= 0)
        inner = features
        for number, conv in enumerate(self.residual):
            source = features if number % 2 == 0 else inner
            found = conv(source)
            made = measured(Plane(found, found.size(1), found.size(2), found.size(3)))
            style = styles[number]
            if number % 2 == 0:
                inner = normalized(made, style)
                continue
            if number == last and self.grained:
                style = Styles(style.scales, style.shifts, deep, noise)
            features = normalized(made, style, shortcut=features, act=kernels.NONE, reflects=number != last)
        up, further = self.expand
        plane = self._doubled(up(features), features)
        style = styles[-3]
        if self.grained:
            style = Styles(style.scales, style.shifts, middle, noise)
        features = normalized(plane, style, reflects=False)
        plane = self._doubled(further(features), features)
        blocks = self._blocks(plane.height, plane.width, self.paint.weight)
        features = normalized(plane, styles[-2], border=self.border, blocks=blocks)
        painted = measured(Plane(self.paint(features), 3, plane.height, plane.width, side=_BLOCK))
        shown = normalized(painted, styles[-1], border=0, act=kernels.SIGMOID)
        return shown[:, :, : images.size(2), : images.size(3)].to(images.dtype).contiguous()

    def _doubled(self, found: Tensor, features: Tensor) -> Plane:
        height, width = 2 * (features.size(2) - 2), 2 * (features.size(3) - 2)
        return measured(Plane(found, found.size(1) // 4, height, width, side=2, further=not self.bilinear))
