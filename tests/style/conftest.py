"""A style model whose networks take milliseconds, with weights that make styles visible."""

from __future__ import annotations

import pytest
import torch

from impasto.style.embedding import EmbeddingDistribution
from impasto.style.model import StyleModel
from impasto.style.networks.compact import StatisticsPredictor
from impasto.style.networks.transformer import StyleTransformer
from impasto.style.run.precision import float32_as

SIZE = 6
DTYPES = [torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64]


def tiny_model(seed: int = 0) -> StyleModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer = StyleTransformer(widths=(4, 4, 8), residuals=1, embedding=SIZE, kernel=3)
        predictor = StatisticsPredictor(embedding=SIZE, widths=(4, 4, 4, 4))
        root = torch.randn(SIZE, SIZE)
        return StyleModel(transformer, predictor, EmbeddingDistribution(torch.randn(SIZE), root @ root.T)).eval()


def as_dtype(images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Images in [0, 1] as another dtype; uint8 in 0..255."""
    return (images * 255).round().to(dtype) if dtype == torch.uint8 else images.to(dtype)


def apart(one: torch.Tensor, other: torch.Tensor) -> tuple[float, float]:
    """The mean of differences, and what one in a thousand is beyond: a single pixel says nothing of a dtype."""
    found = (one.float().cpu() - other.float().cpu()).abs().flatten()
    return float(found.mean()), float(found.quantile(0.999))


@pytest.fixture(autouse=True)
def ieee():
    """What is compared on a GPU is compared without TF32."""
    with float32_as("ieee"):
        yield


@pytest.fixture
def model() -> StyleModel:
    return tiny_model()


@pytest.fixture
def images() -> torch.Tensor:
    """[5, 3, 33, 22] in [0, 1]; neither side is a multiple of four."""
    return torch.rand(5, 3, 33, 22, generator=torch.Generator().manual_seed(1))
