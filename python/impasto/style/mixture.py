"""Random styles of several families: a mixture of normal distributions of style embeddings."""

import math

import torch
from torch import Tensor

from impasto.checks import require
from impasto.style.embedding import EmbeddingDistribution, factor


class EmbeddingMixture(EmbeddingDistribution):
    """Normal distributions of K families of styles, one of which is drawn for each style.

    One normal distribution over all styles (Jackson et al. 2019) lies mostly between them: a draw is a bit of every
    texture, and so of none. Here each draw is of one family, with its textures, palettes and scales.

    ``mean`` and ``covariance`` are those of all draws together. Noise has a number more than an embedding: by the last
    the family is drawn.

    Args:
        weights: [K] float, how often each family is drawn; brought to a sum of 1.
        means: [K, E] float.
        factors: [K, E, E] float, A_k with ``A_k A_k^T`` the covariance of family k.

    Raises:
        RecipeError: If shapes don't fit, or a value isn't finite or a weight isn't above 0.
    """

    weights: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, weights: Tensor, means: Tensor, factors: Tensor) -> None:
        require(means.ndim == 2 and min(means.shape) > 0, f"means must be [K, E], not {list(means.shape)}")
        count, size = means.shape
        require(weights.shape == (count,), f"weights must be [{count}] as means are, not {list(weights.shape)}")
        fits = factors.shape == (count, size, size)
        require(fits, f"factors must be [{count}, {size}, {size}] as means are, not {list(factors.shape)}")
        for name, value in (("weights", weights), ("means", means), ("factors", factors)):
            require(bool(value.isfinite().all()), f"{name} have values that are not finite")
        require(bool((weights > 0).all()), "a weight is not above 0; leave that family out")
        shares, centers, spreads = (value.detach().to("cpu", torch.float64) for value in (weights, means, factors))
        shares = shares / shares.sum()
        mean = shares @ centers  # [E]
        apart = (centers - mean) * shares.sqrt()[:, None]  # [K, E]
        covariance = apart.T @ apart + torch.einsum("k,kij,klj->il", shares, spreads, spreads)  # [E, E]
        super().__init__(mean, (covariance + covariance.T) / 2)
        self.noise = size + 1
        self.register_buffer("weights", shares.to(torch.float32))
        self.register_buffer("means", means.detach().to(torch.float32).clone())
        self.register_buffer("factors", factors.detach().to(torch.float32).clone())

    @classmethod
    def of_families(
        cls, embeddings: Tensor, families: Tensor, *, shared: float = 0.3, spread: float = 1.0
    ) -> "EmbeddingMixture":
        """The mixture of given embeddings: each family with its mean, and a covariance partly its own.

        Args:
            embeddings: [N, E] float.
            families: [N] int64, 0 to K - 1: the family of each; none of them empty.
            shared: The share of the covariance within families, over all of them, in each family's: a family's own,
                of few embeddings, is blind in most directions. 1 gives all families the same.
            spread: What deviations within families are multiplied by: above 1, draws are bolder than the embeddings.

        Raises:
            RecipeError: If a family is empty, the share outside [0, 1], the spread not above 0, or a value not finite.
        """
        require(0 <= shared <= 1, f"shared={shared!r} must lie in [0, 1]")
        require(0 < spread < math.inf, f"spread={spread!r} must be a positive number")
        require(len(embeddings) == len(families) > 0, f"{len(embeddings)} embeddings of {len(families)} families")
        exact = embeddings.detach().to("cpu", torch.float64)
        counts = torch.bincount(families)  # [K]
        require(bool((counts > 0).all()), f"family {int(counts.argmin())} has no embeddings; number families from 0 on")
        means = torch.stack([exact[families == family].mean(dim=0) for family in range(len(counts))])  # [K, E]
        within = exact - means[families]  # [N, E]
        pooled = within.T @ within / max(len(exact) - len(counts), 1)  # [E, E]
        factors = []
        for family, count in enumerate(counts.tolist()):
            own = within[families == family]
            covariance = torch.lerp(own.T @ own / max(count - 1, 1), pooled, shared if count > 1 else 1.0)
            factors.append(spread * factor((covariance + covariance.T) / 2))
        return cls(counts.double(), means, torch.stack(factors))

    def forward(self, noise: Tensor) -> Tensor:
        """From standard normal noise [N, E + 1] to embeddings [N, E], of the noise's dtype."""
        share = 0.5 + 0.5 * torch.erf(noise[:, -1].double() / math.sqrt(2.0))  # [N], uniform
        bounds = self.weights.double().cumsum(0)[:-1]  # [K - 1]
        family = torch.bucketize(share, bounds, right=True)  # [N]
        factors, means = self.factors[family].to(noise.dtype), self.means[family].to(noise.dtype)
        return torch.einsum("nij,nj->ni", factors, noise[:, :-1]) + means
