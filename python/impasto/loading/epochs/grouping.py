"""A shuffled order whose batches hold alike samples: of near lengths, or of near shapes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from impasto.loading.epochs.layout import even_part
from impasto.streams import stream

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
#: What samples of a batch are alike by.
GroupBy = Literal["length", "aspect"] | Sequence[float] | npt.NDArray[Any] | None

#: An epoch has at least so many windows, or its alike samples would meet the same others in every epoch.
_WINDOWS = 4
#: Windows that are kept: one that batches are made of, one that is looked at ahead of them.
_KEPT = 2


def alike(measures: Floats, size: int, rng: np.random.Generator) -> Ints:
    """Places of samples, put together so that each run of ``size`` is of near measures.

    Runs come in a random order, and so do the samples in a run: its parts, which ranks take, are as alike as it is.

    Args:
        measures: Of the samples, [runs * size]; NaN, which is the last, where it isn't known.
        size: Samples of a run.
        rng: Draws.

    Returns:
        int64 [runs * size].
    """
    runs = rng.permuted(np.argsort(measures, kind="stable").reshape(-1, size), axis=1)
    placed: Ints = runs[rng.permutation(len(runs))].reshape(-1)
    return placed


class Grouping:
    """The orders of a data set's epochs, in which samples are moved inside of windows of some batches.

    The first W batches of the shuffled order are sorted by a measure and cut into W batches again, which are shuffled;
    then the next W. So every sample comes once, no farther from its place than a window is wide, and nothing is
    remembered: all is keyed by (seed, epoch). Batches are those of all ranks. What fills no batch of all stays where it
    is, at the end.

    Args:
        drawn: The samples at positions of an epoch.
        measure: What samples are alike by, in an epoch.
        length: Samples of an epoch.
        window: Batches of a window, W.
        seed: The run's.
    """

    def __init__(
        self,
        drawn: Callable[[int, Ints], Ints],
        measure: Callable[[int, Ints], Floats],
        length: int,
        window: int,
        seed: int,
    ) -> None:
        self._drawn, self._measure = drawn, measure
        #: Batches of a window, where the epoch has many more.
        self.window = window
        self._length, self._seed = length, seed
        self._kept: OrderedDict[tuple[int, int, int], tuple[Ints, Floats]] = OrderedDict()

    def take(self, epoch: int, bounds: tuple[int, int], batch: int) -> tuple[Ints, Floats]:
        """The samples between two positions, and their measures.

        Args:
            epoch: The epoch.
            bounds: The first position, and the one after the last.
            batch: Samples of a batch of all ranks.
        """
        batches = self._length // batch
        windows = self._windows(batches)
        position, stop = bounds
        found = []
        while position < min(stop, batches * batch):
            # The window that a batch is in, by where even parts begin.
            number = ((position // batch + 1) * windows - 1) // batches
            first, last = even_part(0, batches, number, windows)
            samples, measures = self._of_window(epoch, batch, number, (first * batch, last * batch))
            place = slice(position - first * batch, stop - first * batch)
            found.append((samples[place], measures[place]))
            position = last * batch
        if position < stop:
            samples = self._drawn(epoch, np.arange(position, stop, dtype=np.int64))
            found.append((samples, self._measure(epoch, samples)))
        samples, measures = (np.concatenate(part) for part in zip(*found, strict=True))
        return samples, measures

    def _windows(self, batches: int) -> int:
        """Windows of an epoch, all of as many batches as the others, or one more."""
        width = max(1, min(self.window, batches // _WINDOWS))
        return -(-batches // width)

    def _of_window(self, epoch: int, batch: int, number: int, bounds: tuple[int, int]) -> tuple[Ints, Floats]:
        key = (epoch, batch, number)
        kept = self._kept.get(key)
        if kept is None:
            samples = self._drawn(epoch, np.arange(*bounds, dtype=np.int64))
            measures = self._measure(epoch, samples)
            placed = alike(measures, batch, stream(self._seed, "alike", epoch, number))
            kept = self._kept[key] = samples[placed], measures[placed]
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept
