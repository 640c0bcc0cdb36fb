"""The compact style predictor: statistics of a small VGG's features, and one linear layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from impasto.style.features import WIDTHS, SmallVGG, moments


class StatisticsPredictor(nn.Module):
    """Predicts an image's style embedding from means and deviations of its colours and features.

    What a style loss compares are statistics of features; here the embedding is linear in them, so that a style is seen
    in it from the first step of training on (a deep predictor trained from nothing is easily ignored by the
    transformer). It takes a fifth of the parameters of the published predictor and a tenth of its time.

    Args:
        embedding: Dimensions of an embedding, E.
        widths: Channels of the `SmallVGG`'s blocks.
    """

    #: The smallest height and width.
    smallest = SmallVGG.smallest

    def __init__(self, *, embedding: int = 64, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.embedding = embedding
        self.features = SmallVGG(widths=widths)
        self.fc = nn.Linear(2 * (3 + sum(widths)), embedding)

    @property
    def config(self) -> dict[str, Any]:
        """The arguments that build it."""
        return {"embedding": self.embedding, **self.features.config}

    def statistics(self, images: Tensor) -> Tensor:
        """What the embedding is linear in.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 16.

        Returns:
            [B, 2 (3 + sum(widths))]: means and deviations of the colours, then of each block's features.
        """
        parts = [moments(images)]
        for features in self.features(images):
            parts.append(moments(features))
        return torch.cat(parts, dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Predicts embeddings.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 16.

        Returns:
            [B, E].
        """
        return self.fc(self.statistics(images))
