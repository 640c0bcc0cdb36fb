"""Random styles of several families: how often each is drawn, and what its draws are like."""

from __future__ import annotations

import copy

import pytest
import torch
from sklearn.mixture import GaussianMixture

from impasto import CheckpointError, RecipeError, StyleRandomizer
from impasto.style.mixture import EmbeddingMixture
from impasto.style.model import StyleModel

from .conftest import SIZE, tiny_model


def mixture() -> EmbeddingMixture:
    """Three families far apart, drawn 1 : 2 : 5."""
    torch.manual_seed(0)
    return EmbeddingMixture(
        torch.tensor([1.0, 2.0, 5.0]), 20 * torch.randn(3, SIZE), torch.randn(3, SIZE, SIZE) * torch.rand(3, 1, 1)
    )


def nearest(drawn: torch.Tensor, own: EmbeddingMixture) -> torch.Tensor:
    return torch.cdist(drawn, own.means).argmin(dim=1)


def test_each_draw_is_of_one_family_as_often_as_said():
    own = mixture()
    drawn = own.sample(40_000, torch.Generator().manual_seed(1))
    family = nearest(drawn, own)
    assert torch.allclose(torch.bincount(family) / 40_000, torch.tensor([0.125, 0.25, 0.625]), atol=0.01)
    for number in range(3):
        some, wanted = drawn[family == number], own.factors[number] @ own.factors[number].T
        assert torch.allclose(some.mean(dim=0), own.means[number], atol=0.15)
        assert torch.allclose(torch.cov(some.T), wanted, atol=0.1 * float(wanted.abs().max()))
    assert torch.allclose(drawn.mean(dim=0), own.mean, atol=0.3)
    assert torch.allclose(torch.cov(drawn.T), own.covariance, atol=0.03 * float(own.covariance.abs().max()))


def test_likelihoods_are_scikit_learns():
    """Its mixture, given ours' weights, means and covariances, finds our draws as likely as its own."""
    own = mixture()
    judge = GaussianMixture(3)
    judge.weights_, judge.means_ = own.weights.double().numpy(), own.means.double().numpy()
    covariances = (own.factors @ own.factors.mT).double()
    judge.precisions_cholesky_ = torch.linalg.inv(torch.linalg.cholesky(covariances)).mT.numpy()
    judge.covariances_ = covariances.numpy()
    torch.manual_seed(1)
    ours = judge.score_samples(own.sample(4000).double().numpy())
    theirs = judge.score_samples(judge.sample(4000)[0])
    assert abs(ours.mean() - theirs.mean()) < 5 * (ours.var() / 4000 + theirs.var() / 4000) ** 0.5


def test_families_are_fitted_each_by_itself():
    own = mixture()
    drawn = own.sample(6000, torch.Generator().manual_seed(2))
    fitted = EmbeddingMixture.of_families(drawn, nearest(drawn, own), shared=0.0)
    assert torch.allclose(fitted.weights, own.weights, atol=0.02)
    assert torch.allclose(fitted.means, own.means, atol=0.3)
    for number in range(3):
        found, wanted = (made.factors[number] @ made.factors[number].T for made in (fitted, own))
        assert torch.allclose(found, wanted, atol=0.15 * float(wanted.abs().max()))
    alike = EmbeddingMixture.of_families(drawn, nearest(drawn, own), shared=1.0)
    assert torch.allclose(alike.factors[0], alike.factors[2], atol=1e-5)
    bold = EmbeddingMixture.of_families(drawn, nearest(drawn, own), shared=0.0, spread=1.5)
    assert torch.allclose(bold.factors, 1.5 * fitted.factors)
    lone = EmbeddingMixture.of_families(torch.randn(3, SIZE), torch.tensor([0, 0, 1]))  # a family of one
    assert bool(lone.factors.isfinite().all())
    for wrong in (
        {"shared": 2.0},
        {"spread": 0.0},
        {"families": torch.tensor([0, 0, 2])},
        {"families": torch.tensor([0])},
    ):
        arguments = {"families": torch.tensor([0, 0, 1]), **wrong}
        with pytest.raises(RecipeError):
            EmbeddingMixture.of_families(torch.randn(3, SIZE), **arguments)


def test_a_model_keeps_it_and_a_randomizer_draws_from_it(tmp_path):
    plain, images = tiny_model(), torch.rand(5, 3, 20, 20)
    model = StyleModel(plain.transformer, plain.predictor, mixture()).eval()
    model.save(tmp_path / "it.safetensors")
    kept = StyleModel.load(tmp_path / "it.safetensors")
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in kept.state_dict().items())
    stylize, again = StyleRandomizer(model, seed=3), StyleRandomizer(copy.deepcopy(kept), seed=3)
    assert torch.equal(stylize.draw(9).embeddings, again.draw(9).embeddings)
    drawn = stylize.draw(4000).embeddings
    shares = torch.bincount(nearest(drawn, mixture())) / 4000
    assert torch.allclose(shares, torch.tensor([0.125, 0.25, 0.625]), atol=0.03)
    assert stylize.to_torchscript()(images, seed=1).shape == images.shape
    tensors = model.state_dict()
    tensors["distribution.weights"] = -tensors["distribution.weights"]
    model.load_state_dict(tensors)
    model.save(tmp_path / "wrong.safetensors")
    with pytest.raises(CheckpointError, match="not above 0"):
        StyleModel.load(tmp_path / "wrong.safetensors")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, torch.ones(2), r"weights must be \[3\]"),
        (0, torch.tensor([1.0, 0.0, 1.0]), "not above 0"),
        (1, torch.full((3, SIZE), torch.nan), "not finite"),
        (1, torch.ones(SIZE), r"means must be \[K, E\]"),
        (2, torch.ones(3, SIZE), "factors must be"),
    ],
)
def test_what_is_no_mixture(place, value, message):
    parts = [torch.ones(3), torch.zeros(3, SIZE), torch.zeros(3, SIZE, SIZE)]
    parts[place] = value
    with pytest.raises(RecipeError, match=message):
        EmbeddingMixture(*parts)
