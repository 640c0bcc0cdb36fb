"""The compact predictor's linear layer in training, by steps that are alike in all directions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.style import StatisticsPredictor


class LinearTuning(nn.Module):
    """A compact predictor with a change of its linear layer, which alone is trained.

    Statistics of images vary together: a step of Adam's on the layer itself moves all embeddings far along the few
    directions in which they do, and hardly in the others. Here the change is of decorrelated statistics.

    What hardly any image has is left out, of the layer as it was too: a feature that is dead but in one image of
    twenty tells the others nothing, and throws the embedding of that one far off.

    Args:
        predictor: Stays as it is until `fold`.
        statistics: [N, D] of many images, as `StatisticsPredictor.statistics` gives them.
        floor: What is added to each variance before it is brought to 1, as a share of the mean of as many of the
            largest as embeddings have dimensions: the least are mostly noise.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, predictor: StatisticsPredictor, statistics: Tensor, *, floor: float = 0.1) -> None:
        super().__init__()
        self.predictor = predictor.requires_grad_(False)
        exact = statistics.double()
        mean, deviation = exact.mean(dim=0), exact.std(dim=0)  # [D] each
        rare = (exact - mean).abs().quantile(0.95, dim=0) <= 0.5 * deviation  # [D]; dead ones have no deviation
        with torch.no_grad():
            predictor.fc.bias.add_(predictor.fc.weight[:, rare] @ mean[rare].to(predictor.fc.weight))
            predictor.fc.weight[:, rare] = 0
        deviation = deviation + 1e-4 * deviation.max()
        alike = torch.where(rare, 0.0, (exact - mean) / deviation)
        values, vectors = torch.linalg.eigh(torch.cov(alike.T))  # [D] ascending, [D, D]
        scale = (values.clamp_min(0) + floor * values[-predictor.embedding :].mean()).rsqrt()
        kind = statistics.dtype
        self.register_buffer("mean", mean.to(kind))
        whitening = torch.where(rare[:, None], 0.0, vectors * scale / deviation[:, None])  # [D, D]
        self.register_buffer("whitening", whitening.to(kind))
        self.change = nn.Linear(len(mean), predictor.embedding, device=statistics.device, dtype=kind)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)

    def forward(self, images: Tensor) -> Tensor:
        """From images [B, 3, H, W] in [0, 1] to embeddings [B, E]."""
        with torch.no_grad():
            statistics = self.predictor.statistics(images)
            before = self.predictor.fc(statistics)
        changed: Tensor = before + self.change((statistics - self.mean) @ self.whitening)
        return changed

    @torch.no_grad()
    def fold(self) -> StatisticsPredictor:
        """The predictor, with the change in its linear layer; here none is left."""
        weight = self.change.weight @ self.whitening.T  # [E, D]
        self.predictor.fc.weight.add_(weight)
        self.predictor.fc.bias.add_(self.change.bias - weight @ self.mean)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)
        return self.predictor
