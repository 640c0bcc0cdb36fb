"""Noise for textures to be made of: where a picture is flat, convolutions find nothing that they could make strokes of.

After Ulyanov et al. (2016, arXiv 1603.03417), whose texture networks are fed noise, and Karras et al. (2019, arXiv
1812.04948), who add it to features by a factor for each channel; here the factors are the style's.
"""

import torch
from torch import Tensor, nn

from impasto.streams import counted

#: Planes of noise, which channels take in turn, and their height and width; beyond, they repeat.
PLANES, SIDE = 8, 64


class Grain(nn.Module):
    """Adds noise to features, to each channel by a factor that is linear in the embedding.

    The noise is part of the weights: the same for every image, fixed to its upper left corner.

    Args:
        width: Channels, C.
        embedding: Dimensions of a style embedding, E.
    """

    noise: Tensor

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.width = width
        self.amount = nn.Linear(embedding, width)
        # Training begins without noise.
        nn.init.zeros_(self.amount.weight)
        nn.init.zeros_(self.amount.bias)
        drawn = counted(0).standard_normal((PLANES, SIDE, SIDE), dtype="float32")
        self.register_buffer("noise", torch.from_numpy(drawn))

    def forward(self, features: Tensor, embeddings: Tensor) -> Tensor:
        """From [B, C, H, W] and [B, E] to [B, C, H, W]."""
        amount = self.amount(embeddings)[:, :, None, None]  # [B, C, 1, 1]
        noise = laid_over(self.noise, self.width, features.size(2), features.size(3))  # [C, H, W]
        return torch.addcmul(features, amount, noise)


class NoGrain(nn.Module):
    """Stands where a network has no grain."""

    def forward(self, features: Tensor, embeddings: Tensor) -> Tensor:  # noqa: ARG002  as `Grain` takes them
        """The features, as they come."""
        return features


def laid_over(noise: Tensor, width: int, height: int, length: int) -> Tensor:
    """Planes of noise [P, S, S] laid side by side, and given to channels in turn: [width, height, length]."""
    planes = torch.arange(width, device=noise.device) % noise.size(0)
    rows = torch.arange(height, device=noise.device) % noise.size(1)
    columns = torch.arange(length, device=noise.device) % noise.size(2)
    return noise.index_select(0, planes).index_select(1, rows).index_select(2, columns)
