"""Rows of a batch of all ranks, over which pairs are drawn: a rank's own, and those that they are mixed with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impasto.batch import BatchId, BatchKey
from impasto.checks import require
from impasto.errors import ImpastoError
from impasto.loading.running.work import Work
from impasto.recipe import Recipe


class Portion(NamedTuple):
    """What a batch is made of.

    Attributes:
        samples: The samples to read: the batch's own, and behind them those that are only mixed in.
        own: How many are the batch's own.
        drawn_by: What its mixtures are drawn by.
        native: The same for the core: the rows of the whole batch, the number there of each sample, and ``own``; None
            where pairs are drawn over the batch itself.
    """

    samples: list[int]
    own: int
    drawn_by: BatchId
    native: tuple[int, list[int], int] | None = None


class Begun(NamedTuple):
    """A batch that was read.

    Attributes:
        work: Its making: the samples that were asked for, and when; their rows.
        portion: What it is made of.
        samples: [B] int64: the samples that came in.
        broken: What was wrong with the others, by row.
    """

    work: Work
    portion: Portion
    samples: npt.NDArray[np.int64]
    broken: list[tuple[int, ImpastoError]]


def portion_of(key: BatchKey, recipe: Recipe, seed: int) -> Portion:
    """What the batch of a key is made of.

    Raises:
        RecipeError: If pairs are to be drawn over all ranks by a pairing that needs all of their captions.
    """
    mix, whole = recipe.mix, key.whole
    if mix is None or whole is None:
        return Portion(list(key), len(key), key.id)
    require(
        mix.pairing != "fit",
        "pairing='fit' looks at the captions of the whole batch, which no rank has; use mix_over='rank', or another",
    )
    when = whole.id
    rows = mix.native.draw(len(whole.samples), seed=seed, epoch=when.epoch, step=when.step, number=when.number)
    partners = rows.partners[np.asarray(whole.rows, np.int64)].tolist()
    own = set(whole.rows)
    there = [*whole.rows, *sorted({partner for partner in partners if partner not in own})]
    return Portion([whole.samples[row] for row in there], len(key), when, (len(whole.samples), there, len(key)))
