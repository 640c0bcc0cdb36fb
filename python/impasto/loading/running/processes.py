"""Batches ahead of the training step, from the worker processes of a stock DataLoader."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Generator, Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from impasto.batch import BatchKey
from impasto.checks import require
from impasto.errors import WorkerLostError
from impasto.loading.dataset import BatchDataset
from impasto.loading.running.parents import interrupts_afterwards
from impasto.loading.running.work import Made

_DAEMON = "daemons, such as a DataLoader's workers, can't have worker processes; use processes=False in this one"
_REMEDY = "something ended it, most often a lack of memory; try fewer workers, or less prefetch"


class Processes:
    """Worker processes that outlive an epoch; iterations that overlap get some each.

    Args:
        dataset: Assembles the batches, in every worker.
        workers: Number of processes.
        prefetch: Batches that each makes ahead.
        context: ``"fork"``, ``"spawn"`` or ``"forkserver"``; None leaves it to torch.
    """

    def __init__(self, dataset: BatchDataset, workers: int, prefetch: int, context: str | None) -> None:
        self._dataset, self._workers, self._prefetch, self._context = dataset, workers, prefetch, context
        self._idle: list[tuple[DataLoader[Made], _Upcoming]] = []

    def batches(self, keys: Iterator[BatchKey]) -> Generator[Made, None, None]:
        """Assembles the batches of keys.

        Raises:
            RecipeError: If this process may have no workers.
            WorkerLostError: If one ended.
        """
        require(not multiprocessing.current_process().daemon, _DAEMON)
        loader, upcoming = self._idle.pop() if self._idle else self._start()
        upcoming.keys = keys
        usable, process = True, os.getpid()
        try:
            with interrupts_afterwards():
                batches = iter(loader)
            yield from batches
        except GeneratorExit:
            raise
        except BaseException as error:
            usable = False  # a worker may be dead, or a batch half taken
            if type(error) is RuntimeError and str(error).startswith("DataLoader worker"):
                raise WorkerLostError(f"{str(error).strip().rstrip('.')}: {_REMEDY}") from error
            raise
        finally:
            if usable and not self._idle:
                self._idle.append((loader, upcoming))
            elif os.getpid() == process:
                _end(loader)

    def told(self) -> str:
        """Who is waited for, in words."""
        mine = [child.pid for child in multiprocessing.active_children()]
        return f"it is made by one of the worker processes {mine}"

    def _start(self) -> tuple[DataLoader[Made], _Upcoming]:
        upcoming = _Upcoming()
        loader: DataLoader[Made] = DataLoader(
            _Costed(self._dataset),
            batch_sampler=upcoming,
            collate_fn=_only,
            num_workers=self._workers,
            prefetch_factor=self._prefetch,
            persistent_workers=True,
            multiprocessing_context=self._context,
            # It draws the workers' seed, which is not to be the training's draw.
            generator=torch.Generator().manual_seed(self._dataset.seed),
        )
        return loader, upcoming


def _end(loader: DataLoader[Made]) -> None:
    """Ends a loader's workers; torch waits for a collection of garbage, and complains in workers forked until then."""
    if loader._iterator is not None:
        loader._iterator._shutdown_workers()  # type: ignore[attr-defined]


class _Costed(Dataset[Made]):
    """Batches with what they took."""

    def __init__(self, dataset: BatchDataset) -> None:
        self._dataset = dataset

    def __getitems__(self, key: BatchKey) -> list[Made]:
        return [self._dataset.costed(key)]


def _only(made: list[Made]) -> Made:
    (one,) = made
    return one


class _Upcoming:
    """The batch sampler of a DataLoader that lives for many epochs: whatever keys come next."""

    keys: Iterator[BatchKey] = iter(())

    def __iter__(self) -> Iterator[BatchKey]:
        return self.keys
