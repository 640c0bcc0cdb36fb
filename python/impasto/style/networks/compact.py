"""The compact style predictor: statistics of a small VGG's features, and one linear layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto.style.networks.features import WIDTHS, SmallVGG, moments


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
    #: Statistics of colours, which are the first: means and deviations of three channels.
    colors = 6
    #: What TorchScript leaves alone.
    __jit_unused_properties__ = ("config",)

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
        layers: list[Tensor] = self.features(images)
        return torch.cat([moments(images)] + [moments(layer) for layer in layers], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Predicts embeddings.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 16.

        Returns:
            [B, E].
        """
        embeddings: Tensor = self.fc(self.statistics(images))
        return embeddings

    @torch.no_grad()
    def whiten(self, statistics: Tensor, *, floor: float = 0.3) -> float:
        """Sets the linear layer to the first E principal components of given statistics, at about the same variance.

        Args:
            statistics: [N, D] of many images, as `statistics` gives them; N of at least 2.
            floor: What is added to each component's variance before it is brought to 1, as a share of the E
                components' mean: the last ones are mostly noise, and would be as loud as the first.

        Returns:
            The share of all variance that the E components explain.

        Raises:
            RecipeError: If there are fewer images than components.
        """
        require(
            len(statistics) > self.embedding,
            f"{len(statistics)} images cannot fill an embedding of {self.embedding}; add style images",
        )
        exact = statistics.double()
        mean, deviation = exact.mean(dim=0), exact.std(dim=0)  # [D] each
        deviation = deviation + 1e-4 * deviation.max()
        values, vectors = torch.linalg.eigh(torch.cov(((exact - mean) / deviation).T))  # [D] ascending, [D, D]
        kept = values[-self.embedding :].flip(0)  # [E], the largest first
        scale = (kept + floor * kept.mean()).rsqrt()
        weight = (vectors[:, -self.embedding :].flip(1) * scale).T / deviation  # [E, D]
        self.fc.weight.copy_(weight)
        self.fc.bias.copy_(-weight @ mean)
        return float(kept.sum() / values.sum())

    @torch.no_grad()
    def keep_colors(self, statistics: Tensor, *, floor: float = 0.1) -> None:
        """Gives the last six components to the colours: means and deviations of the channels, decorrelated.

        Few of the principal components' directions are colours, and what they leave of a palette can't be painted.

        Args:
            statistics: [N, D] of many images, as `statistics` gives them.
            floor: What is added to each variance before it is brought to 1, as a share of their mean.

        Raises:
            RecipeError: If there are too few images, or no component would be left.
        """
        require(len(statistics) > self.colors, f"{len(statistics)} images are too few for their colours; add images")
        require(self.embedding > self.colors, f"an embedding of {self.embedding} has no room beside its colours")
        colors = statistics[:, : self.colors].double()
        values, vectors = torch.linalg.eigh(torch.cov(colors.T))  # [6], [6, 6]
        weight = vectors @ torch.diag((values + floor * values.mean()).rsqrt()) @ vectors.T
        self.fc.weight[-self.colors :] = 0
        self.fc.weight[-self.colors :, : self.colors] = weight.to(self.fc.weight.dtype)
        self.fc.bias[-self.colors :] = -(weight @ colors.mean(dim=0)).to(self.fc.bias.dtype)
