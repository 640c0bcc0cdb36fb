"""Restyled copies in one half of a training alone: all of its images, in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.checks import require
from impasto.sources import Source, concat
from impasto.streams import stream
from impasto_lab.experiments.classification.arms import Schedule
from impasto_lab.experiments.classification.settings import Training


def scheduled(plain: Source, copies: Source, when: Schedule, settings: Training, seed: int) -> Source:
    """The images of a whole training, a batch after the other, to be loaded without a shuffle.

    Args:
        plain: The images.
        copies: Restyled ones.
        when: In which half of the steps copies are: twice the share that the ratio gives them in all of it.
        settings: Steps, batch and ratio.
        seed: Of the order; every image comes once before any comes again.

    Raises:
        RecipeError: If more than a half of the images would be copies.
    """
    unaugmented, restyled = settings.ratio
    share = 2 * restyled / (unaugmented + restyled)
    require(share <= 1, f"ratio={settings.ratio}: in a half of the steps there is no room for twice as many copies")
    half = settings.steps // 2
    within = range(half) if when == "early" else range(settings.steps - half, settings.steps)
    # Whole images: what a step rounds off, the next ones make up for.
    due = np.rint(share * settings.batch_size * np.arange(half + 1)).astype(np.int64)
    counts = np.zeros(settings.steps, np.int64)
    counts[within.start : within.stop] = np.diff(due)
    taken = _endless(len(copies), int(counts.sum()), stream(seed, "copies")) + len(plain)
    others = _endless(len(plain), settings.steps * settings.batch_size - len(taken), stream(seed, "plain"))
    rows = np.empty((settings.steps, settings.batch_size), np.int64)
    places = np.arange(settings.batch_size) < counts[:, None]
    rows[places], rows[~places] = taken, others
    return concat(plain, copies)[rows.ravel()]


def _endless(size: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """So many numbers below a size: one random order after the other."""
    orders = [rng.permutation(size) for _ in range(-(-count // size))]
    return np.concatenate([np.empty(0, np.int64), *orders])[:count]
