"""The normal distribution of embeddings."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from impasto import RecipeError
from impasto.style.embedding import EmbeddingDistribution


def of(embeddings):
    return EmbeddingDistribution.of(torch.as_tensor(embeddings))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_mean_and_covariance_are_numpys(dtype):
    embeddings = torch.randn(50, 4, dtype=torch.float64).to(dtype)
    own, exact = of(embeddings), embeddings.double().numpy()
    assert np.allclose(own.mean, exact.mean(axis=0), atol=1e-6)
    assert np.allclose(own.covariance, np.cov(exact, rowvar=False), atol=1e-6)
    assert own.mean.dtype == own.covariance.dtype == torch.float32


def test_samples_have_them():
    root = torch.randn(3, 3)
    own = EmbeddingDistribution(torch.tensor([1.0, -2.0, 0.5]), root @ root.T)
    samples = own.sample(50000, torch.Generator().manual_seed(0))
    assert torch.allclose(samples.mean(dim=0), own.mean, atol=0.05)
    assert torch.allclose(torch.cov(samples.T), own.covariance, atol=0.05 * float(own.covariance.abs().max()))
    assert torch.allclose(own.factor @ own.factor.T, own.covariance, atol=1e-5)


def test_a_generator_decides():
    own = EmbeddingDistribution(torch.zeros(3), torch.eye(3))
    first, same, other = (own.sample(4, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)


@pytest.mark.parametrize("count", [2, 3])
def test_few_styles_stay_in_their_plane(count):
    embeddings = torch.randn(count, 6)
    samples = of(embeddings).sample(20, torch.Generator().manual_seed(0)) - embeddings.mean(dim=0)
    assert torch.linalg.matrix_rank(samples, atol=1e-3) == count - 1


def test_styles_that_are_all_alike():
    own = of(torch.ones(5, 3))
    assert torch.equal(own.sample(4, torch.Generator()), torch.ones(4, 3))


def test_one_dimension():
    assert of(torch.tensor([[1.0], [3.0]])).covariance.tolist() == [[2.0]]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two(count):
    with pytest.raises(RecipeError, match=r"at least two embeddings.*add style images"):
        of(torch.zeros(count, 3))


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        (torch.zeros(2), torch.tensor([[1.0, 2.0], [2.0, 1.0]]), "not positive semi-definite.*-1"),
        (torch.zeros(2), torch.tensor([[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
        (torch.zeros(2), torch.eye(3), r"must be \[2, 2\]"),
        (torch.zeros(2, 1), torch.eye(2), "vector"),
        (torch.zeros(0), torch.zeros(0, 0), "vector"),
        (torch.zeros(2), torch.full((2, 2), float("nan")), "finite"),
        (torch.tensor([0.0, float("inf")]), torch.eye(2), "finite"),
    ],
)
def test_what_is_no_distribution(mean, covariance, message):
    with pytest.raises(RecipeError, match=message):
        EmbeddingDistribution(mean, covariance)


def test_rounding_is_no_reason():
    covariance = torch.ones(3, 3) + 1e-9 * torch.randn(3, 3)
    EmbeddingDistribution(torch.zeros(3), covariance)


def test_state_and_refitting_bring_the_factor_along():
    root = torch.randn(3, 3)
    source = EmbeddingDistribution(torch.randn(3), root @ root.T)
    loaded, refitted = (EmbeddingDistribution(torch.zeros(3), torch.eye(3)) for _ in range(2))
    loaded.load_state_dict(source.state_dict())
    refitted.refit(source)
    noise = torch.randn(4, 3)
    for own in (loaded, refitted, copy.deepcopy(loaded)):
        assert torch.allclose(own(noise), source(noise), atol=1e-5)


def test_other_dtypes():
    own = EmbeddingDistribution(torch.zeros(3), torch.eye(3))
    noise = torch.randn(4, 3)
    assert own.half()(noise).dtype == torch.float32
    assert own.double()(noise.double()).dtype == torch.float64
