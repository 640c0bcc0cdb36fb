"""Mean and covariance of embeddings against numpy, whatever the parts they come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from torch import Tensor, nn

import impasto
from impasto.style.networks.compact import StatisticsPredictor
from impasto_lab.tasks.style_statistics import RunningMoments, embed


class Colors(nn.Module):
    """Embeds an image as its mean colours."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)  # in training mode it would see the batch

    def forward(self, images: Tensor) -> Tensor:
        return self.norm(images.mean(dim=(2, 3)))


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[impasto.sources.ImageTextFolder, np.ndarray]:
    pixels = np.random.default_rng(1).integers(0, 256, (11, 12, 12, 3), dtype=np.uint8)
    for number, picture in enumerate(pixels):
        PIL.Image.fromarray(picture).save(tmp_path / f"{number:02}.png")
    return impasto.sources.ImageTextFolder(tmp_path), pixels


@pytest.mark.parametrize("parts", [[40], [1] * 40, [13, 2, 25]])
def test_running_moments_are_those_of_all(parts: list[int]) -> None:
    vectors = np.random.default_rng(2).normal(1000, 1, (40, 3)) * [1, 10, 0.1]
    moments = RunningMoments(3)
    for part in torch.from_numpy(vectors).split(parts):
        moments.add(part)
    assert moments.count == 40
    np.testing.assert_allclose(moments.mean.numpy(), vectors.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance.numpy(), np.cov(vectors, rowvar=False), rtol=1e-9)


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_embeddings_of_a_folder(pictures: tuple[impasto.sources.ImageTextFolder, np.ndarray], batch_size: int) -> None:
    source, pixels = pictures
    predictor, seen = Colors(), []
    found = embed(source, predictor, side=12, batch_size=batch_size, progress=lambda *at: seen.append(at))
    colors = pixels.astype(np.float64).mean(axis=(1, 2)) / 255 / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(found.mean.numpy(), colors.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.covariance.numpy(), np.cov(colors, rowvar=False), rtol=1e-4)
    assert seen[-1] == (11, 11)
    assert predictor.training
    assert predictor.norm.num_batches_tracked == 0
    samples = found.distribution().sample(4000, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(samples.mean(dim=0), colors.mean(axis=0), atol=3e-3)


def test_too_few_images(pictures: tuple[impasto.sources.ImageTextFolder, np.ndarray], tmp_path: Path) -> None:
    one = impasto.sources.Sequence([(tmp_path / "00.png", "a texture")])
    with pytest.raises(impasto.RecipeError, match="at least two images, not 1"):
        embed(one, Colors(), side=12)
    with pytest.raises(impasto.RecipeError, match="3 images cannot fill an embedding of 6"):
        StatisticsPredictor(embedding=6, widths=(4, 4, 4, 4)).whiten(torch.rand(3, 38))


def test_whitening() -> None:
    """Against scikit-learn's principal components of standardised statistics."""
    from sklearn.decomposition import PCA

    predictor = StatisticsPredictor(embedding=6, widths=(4, 4, 4, 4))
    hidden = torch.randn(400, 20, generator=torch.Generator().manual_seed(3))
    statistics = hidden @ torch.randn(20, 38, generator=torch.Generator().manual_seed(4)) + 5
    explained = predictor.whiten(statistics, floor=0.0)
    standard = ((statistics - statistics.mean(dim=0)) / statistics.std(dim=0)).numpy()
    pca = PCA(6, svd_solver="full").fit(standard)
    assert explained == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-2)
    embeddings = predictor.fc(statistics).detach()
    torch.testing.assert_close(torch.cov(embeddings.T), torch.eye(6), atol=1e-3, rtol=0)
    expected = pca.transform(standard) / np.sqrt(pca.explained_variance_)
    np.testing.assert_allclose(np.abs(embeddings.numpy()), np.abs(expected), atol=2e-2)


def test_colours_have_components_of_their_own() -> None:
    """Means and deviations of the channels can be read from the last six, whatever becomes of the others."""
    torch.manual_seed(0)
    predictor = StatisticsPredictor(embedding=9, widths=(4, 4, 4, 4))
    images = torch.rand(60, 3, 16, 16) * torch.rand(60, 3, 1, 1) + torch.rand(60, 3, 1, 1) / 2
    with torch.no_grad():
        statistics, before = predictor.statistics(images), predictor(images)
        predictor.keep_colors(statistics, floor=0.0)
        after = predictor(images)
    torch.testing.assert_close(after[:, :3], before[:, :3])
    own = after[:, 3:].double()
    torch.testing.assert_close(torch.cov(own.T), torch.eye(6, dtype=torch.float64), atol=1e-3, rtol=0)
    channels = images.double()
    wanted = torch.cat([channels.mean(dim=(2, 3)), channels.std(dim=(2, 3), correction=0)], dim=1)
    found = torch.cat([own, torch.ones(60, 1).double()], dim=1)
    assert (found @ torch.linalg.lstsq(found, wanted).solution - wanted).abs().max() < 5e-3  # moments add to variances
    with pytest.raises(impasto.RecipeError, match="6 images are too few for their colours"):
        predictor.keep_colors(statistics[:6])
    with pytest.raises(impasto.RecipeError, match="an embedding of 6 has no room"):
        StatisticsPredictor(embedding=6, widths=(4, 4, 4, 4)).keep_colors(statistics)
