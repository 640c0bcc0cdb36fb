"""What must come out of every framework, worked out from the documented rule; for tests and processes they start."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import PIL.Image

from impasto import (
    BatchDataset,
    BatchId,
    BatchKey,
    BatchSampler,
    Beta,
    ImageRecipe,
    Loader,
    MixGen,
    Recipe,
    TextRecipe,
    plan_at,
)
from impasto.ops import permutation
from impasto.sources import Sequence

LENGTH, BATCH = 24, 4
MIX = MixGen(ratio=0.5, lam=Beta(1, 1))
RECIPE = Recipe(image=ImageRecipe(size=8, scale=(0.3, 1.0)), text=None, mix=MIX)


def _picture(number: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(np.random.default_rng(number).integers(0, 255, (12, 12, 3), np.uint8)).save(file, "JPEG")
    return file.getvalue()


DATA = Sequence([(_picture(number), f"caption {number}") for number in range(LENGTH)])
DATASET = BatchDataset(DATA, RECIPE)


#: As the pages of docs/integrations have them from their readers.
READERS = {
    "data": DATA,
    "held_out": DATA[:10],
    "recipe": Recipe(
        image=ImageRecipe(size=32, scale=(0.3, 1.0)), text=TextRecipe(tokenizer="clip", length=20), mix=MIX
    ),
    "batch_size": BATCH,
    "epochs": 2,
}


#: Of which their batches are.
READ = BatchDataset(DATA, READERS["recipe"])


def loader(**options: Any) -> Loader:
    return Loader(DATA, RECIPE, **{"batch_size": BATCH, "workers": 0, **options})


def sampler(**options: Any) -> BatchSampler:
    return BatchSampler(DATASET, **{"batch_size": BATCH, **options})


def record(batch: Any) -> list[Any]:
    """Keys and plan of a batch, as JSON has them."""
    plan = batch.plan
    boxes, lams = plan.boxes.round(3).tolist(), plan.lams.astype(float).round(5).tolist()
    return [batch.samples.tolist(), batch.id.epoch, batch.id.step, boxes, plan.partners.tolist(), lams]


def expected(
    epoch: int, rank: int = 0, world_size: int = 1, batch: int = BATCH, dataset: BatchDataset = DATASET
) -> list[list[Any]]:
    """The records of an epoch on a rank."""
    permuted = permutation(LENGTH, seed=0, epoch=epoch)
    order = [permuted[place] for place in range(LENGTH)]
    assert sorted(order) == list(range(LENGTH))
    records = []
    for step in range(rank, LENGTH // (batch * world_size) * world_size, world_size):
        samples = order[step * batch : (step + 1) * batch]
        records.append(record(dataset[BatchKey(samples, id=BatchId(epoch, step))]))
        drawn = plan_at(MIX, seed=0, epoch=epoch, step=step, batch_size=batch)
        assert records[-1][4] == drawn.partners.tolist()
        assert records[-1][5] == drawn.lams.astype(float).round(5).tolist()
    return records
