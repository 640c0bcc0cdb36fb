"""What models of two towers share: images and captions, each by itself, on one unit sphere."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class TwoTowers(nn.Module):
    """Embeds images and captions on one unit sphere.

    Args:
        image: From images to vectors [B, dim] of any length.
        text: From ids and mask to vectors [B, dim] of any length.

    Attributes:
        logit_scale: The logarithm of what similarities are multiplied with; it starts at ln(1 / 0.07).
    """

    def __init__(self, image: nn.Module, text: nn.Module) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def encode_images(self, images: Tensor) -> Tensor:
        """Embeds images.

        Args:
            images: [B, 3, H, W] float, normalised.

        Returns:
            [B, dim], of length 1.
        """
        return functional.normalize(self.image(images), dim=-1)

    def encode_texts(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embeds captions.

        Args:
            input_ids: [B, L] int64.
            attention_mask: [B, L], 1 at tokens and 0 at padding.

        Returns:
            [B, dim], of length 1.
        """
        return functional.normalize(self.text(input_ids, attention_mask), dim=-1)

    def forward(self, images: Tensor, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embeds pairs; see `encode_images` and `encode_texts`.

        Returns:
            Image embeddings [B, dim], text embeddings [B, dim], and the scale of their similarities [].
        """
        texts = self.encode_texts(input_ids, attention_mask)
        return self.encode_images(images), texts, self.logit_scale.exp()
