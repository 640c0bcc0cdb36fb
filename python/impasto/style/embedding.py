"""Where random styles come from: a normal distribution of style embeddings (Jackson et al. 2019)."""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from impasto.checks import require

#: An eigenvalue below zero by more than this share of the largest one is not rounding.
_ROUNDING = 1e-6


class EmbeddingDistribution(nn.Module):
    """The normal distribution ``N(mean, covariance)`` of style embeddings.

    Samples are ``mean + A n`` with standard normal ``n`` and ``A = U sqrt(S)`` of the covariance's eigenvectors and
    eigenvalues, whose signs are fixed, so that a seed means the same on every machine to rounding.

    Args:
        mean: [E] float.
        covariance: [E, E] float, symmetric and positive semi-definite.

    Raises:
        RecipeError: If shapes don't fit, a value isn't finite, or the covariance isn't symmetric positive
            semi-definite.

    Examples:
        >>> distribution = EmbeddingDistribution(torch.zeros(3), torch.eye(3))
        >>> distribution.sample(5, torch.Generator().manual_seed(0)).shape
        torch.Size([5, 3])
    """

    mean: Tensor
    covariance: Tensor
    factor: Tensor
    #: Standard normal numbers that an embedding is drawn from.
    noise: int

    def __init__(self, mean: Tensor, covariance: Tensor) -> None:
        super().__init__()
        size = mean.numel()
        require(mean.ndim == 1 and size > 0, f"mean must be a vector, not of shape {tuple(mean.shape)}")
        require(
            tuple(covariance.shape) == (size, size),
            f"covariance must be [{size}, {size}] as the mean is [{size}], not {list(covariance.shape)}",
        )
        require(mean.is_meta or bool(mean.isfinite().all()), "the mean has values that are not finite")
        self.noise = size
        self.register_buffer("mean", mean.detach().to(torch.float32).clone())
        self.register_buffer("covariance", covariance.detach().to(torch.float32).clone())
        self.register_buffer("factor", factor(covariance.detach().to("cpu", torch.float64)), persistent=False)

    @classmethod
    def of(cls, embeddings: Tensor) -> "EmbeddingDistribution":
        """The distribution of given embeddings: their mean and (unbiased) covariance.

        Args:
            embeddings: [N, E] float; N of at least 2. With N <= E the covariance has no full rank: samples then stay
                in the plane that the embeddings span.

        Raises:
            RecipeError: If there are fewer than two, or a value isn't finite.
        """
        require(
            embeddings.ndim == 2 and len(embeddings) >= 2,
            f"a covariance needs at least two embeddings [N, E], not {list(embeddings.shape)}; add style images",
        )
        exact = embeddings.detach().to("cpu", torch.float64)
        size = exact.shape[1]
        return cls(exact.mean(dim=0), torch.cov(exact.T).reshape(size, size))

    def extra_repr(self) -> str:
        """Dimensions and total variance."""
        return f"{self.mean.numel()}, variance={self.covariance.trace().item():.4g}"

    def _load_from_state_dict(self, *args: Any, **options: Any) -> None:
        super()._load_from_state_dict(*args, **options)
        if not self.covariance.is_meta:
            self.factor.copy_(factor(self.covariance.detach().to("cpu", torch.float64)))

    @torch.no_grad()
    def refit(self, other: "EmbeddingDistribution") -> None:
        """Takes over another distribution's mean and covariance, in place."""
        self.mean.copy_(other.mean)
        self.covariance.copy_(other.covariance)
        self.factor.copy_(other.factor)

    def forward(self, noise: Tensor) -> Tensor:
        """From standard normal noise [N, E] to embeddings [N, E], of the noise's dtype."""
        return noise @ self.factor.to(noise.dtype).T + self.mean.to(noise.dtype)

    def sample(self, count: int, generator: Generator | None = None) -> Tensor:
        """Draws embeddings.

        Args:
            count: How many, N.
            generator: Where the noise comes from; on its device noise is drawn, then moved. None takes torch's own.

        Returns:
            [N, E] float32, on the distribution's device.
        """
        device = self.mean.device if generator is None else generator.device
        noise = torch.randn([count, self.noise], generator=generator, device=device, dtype=torch.float32)
        embeddings: Tensor = self(noise.to(self.mean.device))
        return embeddings


def interpolate(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Embeddings on the way from one style to another.

    Args:
        start: [E] or [B, E] float.
        end: The same shape.
        steps: How many, N of at least 2, with both ends.

    Returns:
        [N, E] or [N, B, E], evenly spaced, the first of them ``start`` and the last ``end``.

    Raises:
        RecipeError: If shapes differ or there are fewer than two steps.

    Examples:
        >>> interpolate(torch.zeros(2), torch.ones(2), 3).tolist()
        [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]
    """
    require(start.shape == end.shape, f"styles of different shapes: {list(start.shape)} and {list(end.shape)}")
    require(start.is_floating_point() and end.is_floating_point(), "style embeddings are floating point")
    require(steps >= 2, f"steps={steps} must be at least 2: both ends are among them")
    weights = torch.linspace(0, 1, steps, device=start.device, dtype=start.dtype)
    return torch.lerp(start[None], end[None], weights.view(-1, *[1] * start.ndim))


def factor(covariance: Tensor) -> Tensor:
    """A with ``A A^T = covariance`` [E, E], float32, signs fixed.

    Raises:
        RecipeError: If the covariance isn't finite, symmetric or positive semi-definite.
    """
    require(bool(covariance.isfinite().all()), "the covariance has values that are not finite")
    scale = float(covariance.abs().max())
    require(bool(((covariance - covariance.T).abs() <= _ROUNDING * scale).all()), "the covariance must be symmetric")
    values, vectors = torch.linalg.eigh(covariance)
    require(
        float(values.min()) >= -_ROUNDING * scale,
        f"the covariance is not positive semi-definite: its smallest eigenvalue is {float(values.min()):.3g}",
    )
    # An eigenvector's sign is arbitrary; the largest entry is made positive.
    largest = vectors.gather(0, vectors.abs().argmax(dim=0, keepdim=True))
    root: Tensor = vectors * largest.sign() * values.clamp(min=0).sqrt()
    return root.to(torch.float32)
