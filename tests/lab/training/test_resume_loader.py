"""Resuming with impasto's own loader: the next batch is the one that would have come."""

from pathlib import Path

import pytest
import torch

import impasto
from impasto_lab.models import DualEncoder
from impasto_lab.tasks import ContrastiveTask
from impasto_lab.training import FitSettings, fit
from impasto_lab.worlds import World, render_scenes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return render_scenes(tmp_path_factory.mktemp("world") / "scenes", size="tiny", seed=1)


def _run(world: World, folder: Path, workers: int, *, stop: int | None = None, resume: bool = False):
    data = impasto.sources.CocoCaptions(world.annotations("train"), images=world.images)
    recipe = impasto.Recipe(
        image=impasto.ImageRecipe(size=32), text=impasto.TextRecipe(length=32), mix=impasto.MixGen()
    )
    loader = impasto.Loader(data, recipe, batch_size=48, workers=workers, seed=4)
    torch.manual_seed(0)
    model = DualEncoder(image_width=8, text_width=16, text_layers=1, text_length=32, dim=16)
    task = ContrastiveTask(model)
    seen: list[str] = []
    step = task.step
    task.step = lambda batch: (seen.append(",".join(batch.keys)), step(batch))[1]
    torch.set_num_threads(1)
    settings = FitSettings(steps=8, warmup=2, log_every=1)
    fit(task, loader, settings, folder=folder, stop=stop, resume=resume)
    return seen, model.state_dict()


@pytest.mark.parametrize("stop", [2, 3, 5])
def test_same_batches_and_weights_after_a_resume(world: World, tmp_path: Path, stop: int) -> None:
    """Three batches an epoch: the cut lies inside one, at the end of one, and in the second."""
    whole, weights = _run(world, tmp_path / "whole", workers=1)
    first, _ = _run(world, tmp_path / "cut", workers=2, stop=stop)
    second, resumed = _run(world, tmp_path / "cut", workers=0, resume=True)
    assert first + second == whole
    assert all(torch.equal(weights[name], resumed[name]) for name in weights)
