"""`StyleTransformer` for inference: the same pictures in less time and memory."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.style.networks.transformer import StyledConv, StyleTransformer
from impasto.style.run import fold
from impasto.style.run.layers import PIXELS, DoublingConv, FastReflectConv, at_once, copied, standardize


class FastTransformer(nn.Module):
    """What `impasto.style.run.fast` makes of a `StyleTransformer`. Gradients don't pass.

    Args:
        network: Its weights are copied as they are now.
        dtype: Of convolutions and features; the network's by default. Statistics, scales and shifts stay wide.
    """

    gamma_weight: Tensor
    gamma_bias: Tensor
    beta_weight: Tensor
    beta_bias: Tensor

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
        self.residual = nn.ModuleList(FastReflectConv(layer.conv.weight, dtype=dtype) for layer in residual)
        self.expand = nn.ModuleList(DoublingConv(layer.conv.weight, dtype=dtype) for layer in (up, further))
        self.paint = FastReflectConv(fold.blocks(paint.conv.weight), border=paint.conv.border, stride=2, dtype=dtype)
        # All gammas and betas are linear in the embedding: one matrix each gives those of every layer.
        self.widths = [layer.conv.out_channels for layer in styled]
        for name in ("gamma", "beta"):
            linears = [getattr(layer, name) for layer in styled]
            weight, bias = (torch.cat([getattr(linear, what) for linear in linears]) for what in ("weight", "bias"))
            self.register_buffer(f"{name}_weight", copied(weight), persistent=False)
            self.register_buffer(f"{name}_bias", copied(bias), persistent=False)

    def forward(self, images: Tensor, embeddings: Tensor) -> Tensor:
        """Repaints images.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 8.
            embeddings: [B, E], a style for each image.

        Returns:
            [B, 3, H, W], in [0, 1], of the images' dtype.
        """
        with torch.no_grad():
            styles = embeddings.to(self.gamma_weight.dtype)
            gammas = functional.linear(styles, self.gamma_weight, self.gamma_bias)
            betas = functional.linear(styles, self.beta_weight, self.beta_bias)
            if self.whole or images.device.type != "cpu":
                return self.repaint(images, gammas, betas)
            rows = at_once(images, self.pixels)
            if rows >= images.size(0):
                return self.repaint(images, gammas, betas)
            painted = torch.empty_like(images, memory_format=torch.contiguous_format)
            for start in range(0, images.size(0), rows):
                stop = start + rows
                painted[start:stop] = self.repaint(images[start:stop], gammas[start:stop], betas[start:stop])
            return painted

    def repaint(self, images: Tensor, gammas: Tensor, betas: Tensor) -> Tensor:
        """The network, given the scales and shifts [B, sum of widths] of its styled layers."""
        features = images
        for conv in self.contract:
            features = standardize(conv(features)).relu_()
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
            stop = at + self.widths[len(self.residual) + number]
            features = standardize(conv(features), gammas[:, at:stop], betas[:, at:stop]).relu_()
            at = stop
        painted = functional.pixel_shuffle(self.paint(features)[:, :12], 2)
        painted = standardize(painted, gammas[:, at:], betas[:, at:]).sigmoid_()
        # As in the network itself, for torch.export's sake.
        below, right = images.size(2) - painted.size(2), images.size(3) - painted.size(3)
        return functional.pad(painted, [0, right, 0, below]).to(images.dtype).contiguous()
