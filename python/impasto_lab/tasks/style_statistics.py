"""Mean and covariance of the style embeddings of a data set: what ``impasto style stats`` computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto.loading import Loader
from impasto.progress import Progress, silent
from impasto.recipe import ImageRecipe, Recipe
from impasto.style import EmbeddingDistribution

if TYPE_CHECKING:
    from impasto.sources import Source


class RunningMoments:
    """Mean and covariance of vectors that come in parts, without keeping them (Chan et al. 1983, in float64).

    Args:
        size: Of a vector, E.
    """

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean = torch.zeros(size, dtype=torch.float64)
        self._products = torch.zeros(size, size, dtype=torch.float64)

    def add(self, vectors: Tensor) -> None:
        """Takes in vectors [N, E]."""
        exact = vectors.detach().to("cpu", torch.float64)  # [N, E]
        count, mean = len(exact), exact.mean(dim=0)
        centred = exact - mean
        apart = mean - self.mean  # [E]
        total = self.count + count
        self._products += centred.T @ centred + torch.outer(apart, apart) * (self.count * count / total)
        self.mean = self.mean + apart * (count / total)
        self.count = total

    @property
    def covariance(self) -> Tensor:
        """The unbiased covariance, [E, E] float64.

        Raises:
            RecipeError: If fewer than two vectors were taken in.
        """
        require(self.count >= 2, f"a covariance needs at least two images, not {self.count}; add style images")
        return self._products / (self.count - 1)

    def distribution(self) -> EmbeddingDistribution:
        """The normal distribution of this mean and covariance."""
        covariance = self.covariance
        return EmbeddingDistribution(self.mean, (covariance + covariance.T) / 2)


@torch.no_grad()
def embed(
    source: Source,
    predictor: nn.Module,
    *,
    side: int | tuple[int, int] = 256,
    batch_size: int = 16,
    workers: int = 1,
    device: torch.device | None = None,
    progress: Progress = silent,
) -> RunningMoments:
    """Predicts the embeddings of all images, each brought to one size without a crop, in evaluation mode.

    That is how the published statistics of Painter by Numbers were made (Jackson et al. 2019): 256x256 pixels, whatever
    the picture's shape, and running statistics of batch normalisation.

    Args:
        source: The images.
        predictor: From images in [0, 1] to embeddings [B, E]; its mode is restored.
        side: Size of the images, or (height, width), in pixels.
        batch_size: Images predicted at once; it changes the result by rounding alone.
        workers: Threads that load.
        device: Of the predictor.
        progress: Called with how many images are done and how many there are.

    Returns:
        Their mean and covariance.

    Raises:
        RecipeError: If there are fewer than two images.
        DecodeError: If an image can't be read.
    """
    require(len(source) >= 2, f"a covariance needs at least two images, not {len(source)}; add style images")
    recipe = Recipe(image=ImageRecipe(size=side, crop="none", normalize=None), text=None)
    loader = Loader(
        source,
        recipe,
        batch_size=min(batch_size, len(source)),
        workers=workers,
        shuffle=False,
        drop_last=False,
        rank=0,
        world_size=1,
    )
    moments: RunningMoments | None = None
    training = predictor.training
    predictor.eval()
    try:
        for batch in loader:
            found = predictor(batch.images.to(device) if device else batch.images)
            moments = moments or RunningMoments(found.shape[1])
            moments.add(found)
            progress(moments.count, len(source))
    finally:
        predictor.train(training)
    assert moments is not None
    return moments
