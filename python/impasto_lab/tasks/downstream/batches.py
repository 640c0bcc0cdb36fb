"""A task's batches: to train on, and to judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from impasto.loading import Loader
from impasto.recipe import Recipe
from impasto.sources import Source
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Judging
from impasto_lab.training.distributed import world


def training_batches(
    opened: Opened, data: Source, recipe: Recipe, settings: TuneSettings, judging: Judging, fields: Sequence[str] = ()
) -> Any:
    """A loader of this process's part, with the model's rows in place of ids."""
    rank, processes = world()
    return Loader(
        data,
        recipe,
        batch_size=settings.batch_size,
        workers=judging.workers,
        seed=settings.seed,
        rank=rank,
        world_size=processes,
        fields=fields,
        form=opened.compact,
    )


def evaluation_batches(
    opened: Opened, data: Source, recipe: Recipe, judging: Judging, fields: Sequence[str] = ()
) -> Any:
    """A loader of all samples once, in their order, in whichever process."""
    return Loader.evaluation(
        data,
        recipe,
        batch_size=judging.batch_size,
        workers=judging.workers,
        rank=0,
        world_size=1,
        fields=fields,
        form=opened.compact,
    )
