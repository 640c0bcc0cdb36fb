"""Vision transformers (Dosovitskiy et al. 2021), with the names of timm's, DeiT's, ViLT's and ALBEF's files."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import choice, require
from impasto_lab.models.blocks.attention import Attending
from impasto_lab.models.blocks.positions import resized_positions
from impasto_lab.models.blocks.recomputing import Recomputable

#: ``"quick_gelu"`` is OpenAI's x * sigmoid(1.702 x).
Activation = Literal["gelu", "quick_gelu"]


def quick_gelu(hidden: Tensor) -> Tensor:
    """OpenAI's approximation of GELU, which their CLIP was trained with."""
    return hidden * torch.sigmoid(1.702 * hidden)


_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"gelu": functional.gelu, "quick_gelu": quick_gelu}


class VitAttention(Attending):
    """Self-attention whose queries, keys and values are one projection."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__(heads, dropout)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, hidden: Tensor, seen: Tensor | None, *, causal: bool) -> Tensor:
        """From [B, L, W] to [B, L, W]; see `Attending.attend`."""
        queries, keys, values = self.qkv(hidden).chunk(3, dim=-1)  # each [B, L, W]
        mixed: Tensor = self.proj(self.attend(queries, keys, values, seen, causal=causal))
        return mixed


class Mlp(nn.Module):
    """Two layers with an activation between."""

    def __init__(self, width: int, activation: Activation, dropout: float) -> None:
        super().__init__()
        choice("activation", activation, tuple(_ACTIVATIONS))
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        self.activation = _ACTIVATIONS[activation]
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """From [B, L, W] to [B, L, W]."""
        mixed: Tensor = self.fc2(self.dropout(self.activation(self.fc1(hidden))))
        return mixed


class VitBlock(Recomputable):
    """Attention and a two-layer perceptron, each behind a LayerNorm and beside a shortcut.

    Args:
        width: Of the hidden vectors.
        heads: Of the attention.
        eps: Of the norms.
        activation: Of the perceptron.
        dropout: In the attention and after each layer.
        causal: Look at no token behind one's own place.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        eps: float = 1e-6,
        activation: Activation = "gelu",
        dropout: float = 0.0,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = VitAttention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = Mlp(width, activation, dropout)
        self.dropout = nn.Dropout(dropout)
        self.causal = causal

    def forward(self, hidden: Tensor, seen: Tensor | None = None) -> Tensor:
        """From [B, L, W] to [B, L, W]; no token looks at those that ``seen``, [B, L] bool, leaves out."""
        hidden = hidden + self.dropout(self.attn(self.norm1(hidden), seen, causal=self.causal))
        after: Tensor = hidden + self.dropout(self.mlp(self.norm2(hidden)))
        return after


class PatchEmbedding(nn.Module):
    """Cuts images into squares and projects each."""

    def __init__(self, patch: int, width: int, *, bias: bool) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, stride=patch, bias=bias)

    def forward(self, images: Tensor) -> Tensor:
        """From [B, 3, H, W] to [B, D, H / patch, W / patch]."""
        patches: Tensor = self.proj(images)
        return patches


class VisionTransformer(nn.Module):
    """A token for the image and one for each patch, row by row, through blocks.

    Args:
        image_size: Side of the images, in pixels.
        patch: Side of a patch; it divides the image's.
        width: Of the hidden vectors.
        layers: Blocks.
        heads: Of each attention.
        eps: Of the norms.
        activation: Of the perceptrons.
        dropout: In the blocks and on the embeddings.
        pre_norm: A norm before the first block, as CLIP has.
        patch_bias: Whether the patches' projection has a bias, which CLIP's has not.

    Raises:
        RecipeError: If patches don't fill the image, or heads the width.
    """

    def __init__(
        self,
        *,
        image_size: int,
        patch: int,
        width: int,
        layers: int,
        heads: int,
        eps: float = 1e-6,
        activation: Activation = "gelu",
        dropout: float = 0.0,
        pre_norm: bool = False,
        patch_bias: bool = True,
    ) -> None:
        super().__init__()
        require(image_size % patch == 0, f"image_size={image_size} is no multiple of patch={patch}")
        require(width % heads == 0, f"width={width} can't be divided by heads={heads}")
        self.patch, self.side = patch, image_size // patch
        self.patch_embed = PatchEmbedding(patch, width, bias=patch_bias)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, width))
        self.dropout = nn.Dropout(dropout)
        self.norm_pre = nn.LayerNorm(width, eps=eps) if pre_norm else nn.Identity()
        self.blocks = nn.ModuleList(
            VitBlock(width, heads, eps=eps, activation=activation, dropout=dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width, eps=eps)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02 * math.sqrt(768 / width))  # 0.02 at the papers' width
                nn.init.zeros_(module.bias)

    def embed(self, images: Tensor, grids: Tensor | None = None) -> Tensor:
        """The image's token and its patches, with their places.

        Args:
            images: [B, 3, H, W] float, normalised; H and W multiples of the patch.
            grids: [B, 2] int64: rows and columns of patches from the upper left that are image, where the rest is
                padding; None is all. Places are stretched over each image's own grid, as ViLT has it.

        Returns:
            [B, 1 + P, D].

        Raises:
            RecipeError: If patches don't fill the images, or the images are not of the model's size and have no grids.
        """
        height, width = images.shape[-2:]
        fit = height % self.patch == 0 and width % self.patch == 0
        require(fit, f"images of {height}x{width} are not filled by patches of {self.patch}; pad or crop them")
        patches = self.patch_embed(images)  # [B, D, H / patch, W / patch]
        rows, columns = patches.shape[-2:]
        hidden = torch.cat([self.cls_token.expand(len(images), -1, -1), patches.flatten(2).transpose(1, 2)], dim=1)
        if grids is None:
            side = self.side * self.patch
            require(rows == columns == self.side, f"images of {height}x{width} for a model of {side}x{side}; resize")
            places: Tensor = self.pos_embed
        else:
            places = torch.cat([self._places(grid, rows, columns) for grid in grids.tolist()])  # [B, 1 + P, D]
        embedded: Tensor = self.norm_pre(self.dropout(hidden + places))
        return embedded

    def _places(self, grid: list[int], rows: int, columns: int) -> Tensor:
        own = resized_positions(self.pos_embed, (grid[0], grid[1]), mode="bilinear")  # [1, 1 + grid's, D]
        padding = (0, 0, 0, columns - grid[1], 0, rows - grid[0])
        spread = functional.pad(own[:, 1:].reshape(1, *grid, -1), padding)  # [1, rows, columns, D]
        return torch.cat([own[:, :1], spread.flatten(1, 2)], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """From images [B, 3, H, W] to hidden vectors [B, 1 + P, D], normed, the image's first."""
        hidden = self.embed(images)
        for block in self.blocks:
            hidden = block(hidden)
        normed: Tensor = self.norm(hidden)
        return normed
