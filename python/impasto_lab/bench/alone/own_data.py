"""The loader over somebody's own data: what its time goes to, and what would help."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from impasto.errors import RecipeError
from impasto.loading import Loader, Stats
from impasto.recipe import ImageRecipe, Recipe, TextRecipe
from impasto.sources import GatheredSource, Source
from impasto_lab.bench import machine, quiet
from impasto_lab.bench.timing import Track, untracked
from impasto_lab.bench.work import Work

#: Batches that few samples are cut into: so many say what binds.
_FEW = 5
#: Samples that are looked at for captions.
_LOOKED = 64


@dataclass(frozen=True, kw_only=True)
class OwnDataBench(machine.Recorded):
    """What was measured.

    Attributes:
        stats: Of batches that are taken as fast as they come.
    """

    stats: Stats

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        stored = self.stats.stored_smaller
        return {
            "stats": self.stats.as_dict(),
            "stored_smaller": None if stored is None else vars(stored) | {"faster": self.stats.faster},
            **self.circumstances(),
        }


def run(
    data: Source, *, batch_size: int = 64, batches: int = 50, workers: int = 2, seed: int = 0, track: Track = untracked
) -> OwnDataBench:
    """Takes batches as fast as they come: images, and the captions of data whose first samples have some.

    Args:
        data: The data set.
        batch_size: Samples in a batch; of fewer samples than that, as many as make five batches.
        batches: The most that are taken.
        workers: Threads.
        seed: Of crops, flips and order.
        track: Shows progress.

    Raises:
        RecipeError: If there are no samples.
    """
    if not len(data):
        raise RecipeError("the data are empty: there is no sample to make a batch of")
    if len(data) < batch_size:
        batch_size = max(1, len(data) // _FEW)
    work = Work(batch_size=batch_size, seed=seed)
    loader = _loader(data, work, batch_size=batch_size, workers=workers)
    load = quiet.load()
    taken = iter(loader)
    for _ in track(range(min(batches, len(loader))), "loading"):
        next(taken)
    taken.close()
    settings = {"data": repr(data), "batch_size": batch_size, "batches": batches, "workers": workers, "seed": seed}
    return OwnDataBench(
        stats=loader.stats(),
        machine=machine.describe(),
        versions=machine.versions("impasto", "torch"),
        load=load,
        settings=settings,
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _loader(data: Source, work: Work, *, batch_size: int, workers: int) -> Loader:
    image = ImageRecipe(size=work.size, scale=work.scale, ratio=work.ratio, normalize=(work.mean, work.std))
    text = TextRecipe(length=work.length) if _captioned(data) else None
    recipe = Recipe(image=image, text=text)
    return Loader(
        data,
        recipe,
        batch_size=batch_size,
        workers=workers,
        seed=work.seed,
        on_error="replace",
        budget=1.0,
        manifest=None,
    )


def _captioned(data: Source) -> bool:
    """Whether there are captions; a source that reads rows as they are asked for is taken to have them."""
    if isinstance(data, GatheredSource):
        return True
    return any(data.facts(row).get("captions") for row in range(min(_LOOKED, len(data))))
