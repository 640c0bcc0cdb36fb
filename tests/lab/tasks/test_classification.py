"""Images are named: a network learns what can be told, and held-out images are seen whole."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import numpy as np
import PIL.Image
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto import ImageRecipe, Loader, Recipe, RecipeError
from impasto._core import IndexBuilder
from impasto.batch import Batch, BatchId
from impasto.sources import IndexedSource, Sequence
from impasto_lab.models.resnet import classifier
from impasto_lab.tasks import ClassificationTask, Labeled
from impasto_lab.training import FitSettings, fit

RECIPE = Recipe(image=ImageRecipe(size=16, scale=(0.5, 1.0), normalize="imagenet"), text=None)


def _picture(level: int, seed: int) -> bytes:
    noise = np.random.default_rng(seed).normal(level, 20, (20, 20, 3))
    file = io.BytesIO()
    PIL.Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def data() -> IndexedSource:
    builder = IndexBuilder()
    for row in range(96):
        builder.add_bytes(str(row), _picture((60, 130, 200)[row % 3], row), [], row % 3)
    return IndexedSource(builder.finish(), "three grays")


def test_what_can_be_told_is_learned(data: IndexedSource) -> None:
    held = Labeled.of(data[64:], RECIPE.views[0])
    assert held.labels.tolist() == [row % 3 for row in range(64, 96)]
    task = ClassificationTask(classifier("resnet18", classes=3, side=16, width=4), {"held": held})
    assert task.evaluate()["held"] < 80
    fit(task, Loader(data[:64], RECIPE, batch_size=16), FitSettings(steps=20, lr=5e-3, warmup=2))
    assert task.evaluate()["held"] > 95
    assert task.model.training


def test_a_few_are_spread_over_all() -> None:
    held = Labeled(torch.arange(10.0).reshape(10, 1, 1, 1), torch.arange(10))
    assert held.spread(4).labels.tolist() == [0, 2, 5, 7]
    assert held.spread(4).images.flatten().tolist() == [0, 2, 5, 7]
    assert len(held.spread(11)) == 10


def test_the_loss_is_cross_entropy_and_an_auxiliary_head_counts_less(data: IndexedSource) -> None:
    class Two(nn.Module):
        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            means = images.mean(dim=(2, 3))
            return means, -means

    (batch,) = Loader(data[:16], RECIPE, batch_size=16)
    means = batch.images.mean(dim=(2, 3))
    loss = ClassificationTask(Two()).step(batch)["loss"]
    labels = torch.as_tensor(batch.labels)
    assert loss == pytest.approx(
        float(functional.cross_entropy(means, labels) + 0.4 * functional.cross_entropy(-means, labels)), rel=1e-5
    )


def test_a_change_comes_before_the_network_and_steps_are_within(data: IndexedSource) -> None:
    seen: list[object] = []

    @contextlib.contextmanager
    def within(id: BatchId) -> Iterator[None]:
        seen.append(id)
        yield
        seen.append("out")

    class Spy(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(float(images.abs().sum()))
            return images.mean(dim=(2, 3))

    def black(batch: Batch) -> Batch:
        return batch.changed(images=torch.zeros_like(batch.images))

    (batch,) = Loader(data[:16], RECIPE, batch_size=16)
    ClassificationTask(Spy(), change=black, within=within).step(batch)
    assert seen == [batch.id, 0.0, "out"]


def test_labels_are_asked_for() -> None:
    (batch,) = Loader(Sequence([(_picture(9, 0), "gray")]), RECIPE, batch_size=1)
    with pytest.raises(RecipeError, match="no label"):
        ClassificationTask(nn.Flatten()).step(batch)
