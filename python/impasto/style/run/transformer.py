"""`StyleTransformer` for inference: the same pictures in less time and memory."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.style.networks.grain import laid_over
from impasto.style.networks.transformer import StyledConv, StyleTransformer, grains_of, style_linears
from impasto.style.run import fold
from impasto.style.run.layers import PIXELS, DoublingConv, FastReflectConv, at_once, copied, standardize
from impasto.style.run.tiled import wide_conv


class FastTransformer(nn.Module):
    """What `impasto.style.run.fast` makes of a `StyleTransformer`. Gradients don't pass.

    Args:
        network: Its weights are copied as they are now.
        dtype: Of convolutions and features; the network's by default. Statistics, scales and shifts stay wide.
    """

    style_weight: Tensor
    style_bias: Tensor
    noise: Tensor

    def __init__(self, network: StyleTransformer, *, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.embedding = network.embedding
        self.pixels = torch.get_num_threads() * PIXELS
        #: Whether all images are worked on at once, on a CPU too.
        self.whole = False
        # A bias before a normalisation is taken away by it: these convolutions have none.
        self.contract = nn.ModuleList(
            FastReflectConv(conv.weight, border=conv.kernel_size[0] // 2, stride=conv.stride[0], dtype=dtype)
            for conv in network.contract.modules()
            if isinstance(conv, nn.Conv2d)
        )
        styled = [layer for layer in network.modules() if isinstance(layer, StyledConv)]  # in the order of use
        *residual, up, further, paint = styled
        bilinear = bool(network.config["bilinear"])
        self.residual = nn.ModuleList(wide_conv(layer.conv.weight, dtype=dtype) for layer in residual)
        self.expand = nn.ModuleList(
            DoublingConv(layer.conv.weight, bilinear=bilinear, dtype=dtype) for layer in (up, further)
        )
        self.paint = FastReflectConv(fold.blocks(paint.conv.weight), border=paint.conv.border, stride=2, dtype=dtype)
        grains = grains_of(network)
        self.grained = bool(grains)
        noise = grains[0].noise if grains else network.paint.conv.weight.new_zeros(1, 1, 1)
        self.register_buffer("noise", copied(noise, dtype), persistent=False)
        # Gammas, betas and amounts of grain are linear in the embedding: one matrix gives those of all layers.
        self.widths = [layer.conv.out_channels for layer in styled]
        linears = style_linears(network)
        for what in ("weight", "bias"):
            together = torch.cat([getattr(linear, what) for linear in linears])
            self.register_buffer(f"style_{what}", copied(together), persistent=False)

    def forward(self, images: Tensor, embeddings: Tensor) -> Tensor:
        """Repaints images.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 8.
            embeddings: [B, E], a style for each image.

        Returns:
            [B, 3, H, W], in [0, 1], of the images' dtype.
        """
        with torch.no_grad():
            styles = self.styles(embeddings)
            if self.whole or images.device.type != "cpu":
                return self.restyle(self.contracted(images), styles, images)
            rows = at_once(images, self.pixels)
            if rows >= images.size(0):
                return self.restyle(self.contracted(images), styles, images)
            painted = torch.empty_like(images, memory_format=torch.contiguous_format)
            for start in range(0, images.size(0), rows):
                some = images[start : start + rows]
                painted[start : start + rows] = self.restyle(self.contracted(some), styles[start : start + rows], some)
            return painted

    @torch.jit.export
    def less_own(self, images: Tensor, embeddings: Tensor, own: Tensor, rest: Tensor) -> Tensor:
        """Images in a style, less a share of themselves in their own: see `StyleTransformer.less_own`."""
        with torch.no_grad():
            styles, base = self.styles(embeddings), self.styles(own)
            rows = images.size(0)
            if not self.whole and images.device.type == "cpu":
                rows = at_once(images, self.pixels // 2)
            if rows >= images.size(0):
                return self._less_own(images, styles, base, rest)
            less = torch.empty_like(images, memory_format=torch.contiguous_format)
            for start in range(0, images.size(0), rows):
                stop = start + rows
                less[start:stop] = self._less_own(
                    images[start:stop], styles[start:stop], base[start:stop], rest[start:stop]
                )
            return less

    def _less_own(self, images: Tensor, styles: Tensor, base: Tensor, rest: Tensor) -> Tensor:
        features = self.contracted(images)
        twice = self.restyle(torch.cat([features, features]), torch.cat([styles, base]), images)  # [2B, 3, H, W]
        count = images.size(0)
        return torch.addcmul(twice[:count], rest[:, None, None, None], twice[count:], value=-1.0)

    def styles(self, embeddings: Tensor) -> Tensor:
        """Scales, then shifts, then amounts of grain of all layers, [B, 2 sum of widths + sum of grains' widths]."""
        return functional.linear(embeddings.to(self.style_weight.dtype), self.style_weight, self.style_bias)

    def contracted(self, images: Tensor) -> Tensor:
        """The layers that styles have no say in, [B, C, H/4, W/4]."""
        features = images
        for conv in self.contract:
            features = standardize(conv(features)).relu_()
        return features

    def restyle(self, features: Tensor, styles: Tensor, images: Tensor) -> Tensor:
        """The other layers.

        Args:
            features: [N, C, H/4, W/4].
            styles: Of each, as `styles` gives them.
            images: [B, 3, H, W]; their size and dtype are the result's.
        """
        both = sum(self.widths)
        gammas, betas, amounts = styles[:, :both], styles[:, both : 2 * both], styles[:, 2 * both :]
        if self.grained:
            features, amounts = self.grain(features, amounts)
        inner = features
        at = 0
        for number, conv in enumerate(self.residual):
            stop = at + self.widths[number]
            gamma, beta = gammas[:, at:stop], betas[:, at:stop]
            at = stop
            if number % 2 == 0:
                inner = standardize(conv(features), gamma, beta).relu_()
            else:
                features = standardize(conv(inner), gamma, beta).add_(features)
        for number, conv in enumerate(self.expand):
            if self.grained:
                features, amounts = self.grain(features, amounts)
            stop = at + self.widths[len(self.residual) + number]
            features = standardize(conv(features), gammas[:, at:stop], betas[:, at:stop]).relu_()
            at = stop
        painted = functional.pixel_shuffle(self.paint(features)[:, :12], 2)
        painted = standardize(painted, gammas[:, at:], betas[:, at:]).sigmoid_()
        # As in the network itself, for torch.export's sake.
        below, right = images.size(2) - painted.size(2), images.size(3) - painted.size(3)
        return functional.pad(painted, [0, right, 0, below]).to(images.dtype).contiguous()

    def grain(self, features: Tensor, amounts: Tensor) -> tuple[Tensor, Tensor]:
        """The features [B, C, H, W] with noise, by the first C of the amounts; and the amounts that are left."""
        width = features.size(1)
        noise = laid_over(self.noise, width, features.size(2), features.size(3))  # [C, H, W]
        amount = amounts[:, :width, None, None].to(noise.dtype)
        return torch.addcmul(features, amount, noise), amounts[:, width:]
