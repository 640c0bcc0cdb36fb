"""CLIP (Radford et al. 2021): an image tower and a text tower that meet in one space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto_lab.models.blocks import Bert, VisionTransformer, VitBlock
from impasto_lab.models.settings import ClipSettings
from impasto_lab.models.two_towers import TwoTowers

#: Of CLIP's norms.
EPS = 1e-5


class Clip(TwoTowers):
    """A CLIP: two transformers.

    Args:
        settings: The sizes.
    """

    def __init__(self, settings: ClipSettings) -> None:
        text = BertTower(settings) if settings.text == "bert" else TextTower(settings)
        super().__init__(ImageTower(settings), text)
        self.settings = settings


class ImageTower(nn.Module):
    """A vision transformer whose first token becomes the embedding."""

    def __init__(self, settings: ClipSettings) -> None:
        super().__init__()
        width = settings.image_width
        self.trunk = VisionTransformer(
            image_size=settings.image_size,
            patch=settings.patch,
            width=width,
            layers=settings.image_layers,
            heads=settings.image_heads,
            eps=EPS,
            activation=settings.activation,
            pre_norm=True,
            patch_bias=False,
        )
        self.project = nn.Linear(width, settings.dim, bias=False)
        nn.init.normal_(self.project.weight, std=width**-0.5)

    def forward(self, images: Tensor) -> Tensor:
        """From images [B, 3, H, W] to vectors [B, dim] of any length."""
        embedding: Tensor = self.project(self.trunk(images)[:, 0])
        return embedding


class TextTower(nn.Module):
    """A causal transformer whose vector at a caption's last token becomes the embedding."""

    def __init__(self, settings: ClipSettings) -> None:
        super().__init__()
        width = settings.text_width
        require(width % settings.text_heads == 0, f"text_width={width} can't be divided by {settings.text_heads} heads")
        self.tokens = nn.Embedding(settings.vocabulary, width)
        self.places = nn.Parameter(torch.empty(settings.text_length, width))
        self.blocks = nn.ModuleList(
            VitBlock(width, settings.text_heads, eps=EPS, activation=settings.activation, causal=True)
            for _ in range(settings.text_layers)
        )
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.project = nn.Linear(width, settings.dim, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.places, std=0.01)
        nn.init.normal_(self.project.weight, std=width**-0.5)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """From ids and mask [B, L] to vectors [B, dim] of any length.

        Raises:
            RecipeError: If rows are longer than there are places.
        """
        length, most = input_ids.shape[1], len(self.places)
        require(length <= most, f"rows of {length} tokens for a model of {most}; use TextRecipe(length={most})")
        hidden = self.tokens(input_ids) + self.places[:length]  # [B, L, W]
        # Padding lies behind the last token, where no causal block looks.
        for block in self.blocks:
            hidden = block(hidden)
        last = attention_mask.sum(dim=1) - 1  # [B]
        embedding: Tensor = self.project(self.norm(hidden[torch.arange(len(last)), last]))
        return embedding


class BertTower(nn.Module):
    """A BERT, the mean of whose tokens becomes the embedding (Reimers and Gurevych 2019, section 3)."""

    def __init__(self, settings: ClipSettings) -> None:
        super().__init__()
        width = settings.text_width
        self.bert = Bert(
            vocabulary=settings.vocabulary,
            length=settings.text_length,
            width=width,
            heads=settings.text_heads,
            text_layers=settings.text_layers,
        )
        self.project = nn.Linear(width, settings.dim, bias=False)
        nn.init.normal_(self.project.weight, std=width**-0.5)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """From ids and mask [B, L] to vectors [B, dim] of any length.

        Raises:
            RecipeError: If rows are longer than there are places.
        """
        hidden = self.bert(input_ids, attention_mask)  # [B, L, W]
        seen = attention_mask.to(hidden.dtype)[:, :, None]  # [B, L, 1]
        embedding: Tensor = self.project((hidden * seen).sum(dim=1) / seen.sum(dim=1))
        return embedding
