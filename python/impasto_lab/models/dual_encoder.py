"""A small CLIP: a convolutional image tower and a transformer text tower that meet in one space."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto_lab.models.two_towers import TwoTowers


class DualEncoder(TwoTowers):
    """Embeds images and captions on one unit sphere, after CLIP (Radford et al. 2021), small enough for a CPU.

    Images have sides of at least 32 pixels.

    Args:
        image_width: Channels of the image tower's first stage; each of the two after it has twice as many.
        text_width: Channels of the text tower.
        text_layers: Transformer blocks of the text tower.
        text_length: Ids in a caption's row, at most.
        vocabulary: Number of token ids; CLIP's by default.
        dim: Dimensions of the common space.
    """

    def __init__(
        self,
        *,
        image_width: int = 48,
        text_width: int = 128,
        text_layers: int = 2,
        text_length: int = 77,
        vocabulary: int = 49408,
        dim: int = 128,
    ) -> None:
        super().__init__(ImageTower(image_width, dim), TextTower(vocabulary, text_length, text_width, text_layers, dim))


class ImageTower(nn.Module):
    """Three stages of residual convolutions, pooled to a coarse grid so that places are not lost."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width]
        self.stem = nn.Sequential(nn.Conv2d(3, width, 4, stride=4, bias=False), nn.BatchNorm2d(width))
        self.stages = nn.Sequential(
            ConvBlock(widths[0], widths[0], stride=1),
            ConvBlock(widths[0], widths[1], stride=2),
            ConvBlock(widths[1], widths[2], stride=2),
        )
        self.pool = nn.AdaptiveAvgPool2d(3)
        self.project = nn.Linear(9 * widths[2], dim)

    def forward(self, images: Tensor) -> Tensor:
        """From images [B, 3, H, W] to vectors [B, dim] of any length."""
        features = functional.relu(self.stem(images))  # [B, W, H/4, W/4]
        features = self.stages(features)  # [B, 4W, H/16, W/16]
        embedding: Tensor = self.project(self.pool(features).flatten(1))  # [B, dim]
        return embedding


class ConvBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            # An odd side is halved upwards, as the convolutions beside it do.
            pool = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)
            self.shortcut = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, features: Tensor) -> Tensor:
        """From [B, inputs, H, W] to [B, outputs, H / stride, W / stride], rounded up."""
        inner = functional.relu(self.first_norm(self.first(features)))  # [B, outputs, H / stride, W / stride]
        inner = self.second_norm(self.second(inner))
        return functional.relu(inner + self.shortcut(features))


class TextTower(nn.Module):
    """A transformer over token ids, pooled by the mean over the tokens."""

    def __init__(self, vocabulary: int, length: int, width: int, layers: int, dim: int) -> None:
        super().__init__()
        # The table is narrow, since nearly all parameters would otherwise lie in rows that are never looked up.
        self.tokens = nn.Embedding(vocabulary, width // 2)
        self.widen = nn.Linear(width // 2, width, bias=False)
        self.places = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(TextBlock(width, heads=4) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, dim, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.5)
        nn.init.normal_(self.places, std=0.02)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """From ids and mask [B, L] to vectors [B, dim] of any length."""
        mask = attention_mask.bool()
        # What lies to the right of the batch's longest caption is padding in every row.
        longest = int(mask.sum(dim=1).max())
        input_ids, mask = input_ids[:, :longest], mask[:, :longest]
        hidden = self.widen(self.tokens(input_ids)) + self.places[:longest]  # [B, L, W]
        for block in self.blocks:
            hidden = block(hidden, mask)
        hidden = self.norm(hidden) * mask[..., None]  # [B, L, W], nothing at padding
        mean = hidden.sum(dim=1) / mask.sum(dim=1, keepdim=True)  # [B, W]
        embedding: Tensor = self.project(mean)  # [B, dim]
        return embedding


class TextBlock(nn.Module):
    """Attention and a two-layer perceptron, each behind a LayerNorm and beside a shortcut."""

    def __init__(self, width: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """From [B, L, W] to [B, L, W]; no token looks at those that the mask [B, L] leaves out."""
        batch, length, width = hidden.shape
        parts = self.queries_keys_values(self.attention_norm(hidden)).view(batch, length, 3, self.heads, -1)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)  # each [B, heads, L, W/heads]
        seen = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask[:, None, None, :])
        hidden = hidden + self.out(seen.transpose(1, 2).reshape(batch, length, width))
        after: Tensor = hidden + self.mlp(self.mlp_norm(hidden))
        return after
