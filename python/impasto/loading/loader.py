"""The loader: batches ahead of the training step, from threads or processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch.utils.data import DataLoader

from impasto.batch import Batch, BatchKey
from impasto.errors import RecipeError
from impasto.loading.dataset import BatchDataset
from impasto.loading.sampler import BatchSampler
from impasto.recipe import Recipe

if TYPE_CHECKING:
    from impasto.sources import Source


class Loader:
    """Iterates over the batches of an epoch; each is a pure function of (data, recipe, seed, epoch, step).

    Threads, processes, prefetching and resuming change when a batch is ready, never its bytes. One iteration is one
    epoch; the next draws anew.

    Args:
        data: A source from `impasto.sources`.
        recipe: What is done to the samples.
        batch_size: Samples in a batch, on this rank.
        workers: Native threads that assemble batches beside the training step (or worker processes); 0 assembles in
            the caller's thread, when asked.
        seed: Key of the order and of all random draws.
        processes: Use worker processes of a stock DataLoader instead of threads.
        shuffle: Visit the samples in a new random order every epoch.
        drop_last: See `BatchSampler`.
        rank: This process's number, in ``range(world_size)``.
        world_size: Number of processes.
        prefetch: Batches made ahead (for each worker process, with ``processes=True``).
        pin_memory: Copy batches to page-locked memory, for faster transfers to a GPU.
        on_error: ``"raise"``, or ``"replace"`` broken samples; see `BadSamples`.
        budget: Largest share of samples that may be replaced.
        manifest: The file that replaced samples are written to.
        multiprocessing_context: ``"fork"``, ``"spawn"`` or ``"forkserver"``, with ``processes=True``.

    Raises:
        RecipeError: If a value makes no sense.
        VocabularyError: If the recipe's tokenizer has no usable vocabulary.
    """

    def __init__(
        self,
        data: Source,
        recipe: Recipe,
        *,
        batch_size: int,
        workers: int = 1,
        seed: int = 0,
        processes: bool = False,
        shuffle: bool = True,
        drop_last: bool = True,
        rank: int = 0,
        world_size: int = 1,
        prefetch: int = 2,
        pin_memory: bool = False,
        on_error: Literal["raise", "replace"] = "raise",
        budget: float = 0.01,
        manifest: str | Path | None = "bad_samples.jsonl",
        multiprocessing_context: str | None = None,
    ) -> None:
        if workers < 0:
            raise RecipeError(f"workers={workers} must not be negative")
        if prefetch < 1:
            raise RecipeError(f"prefetch={prefetch} must be at least 1")
        if processes and workers == 0:
            raise RecipeError("processes=True needs workers=1 or more")
        if recipe.mix is not None:
            recipe.mix.check_batch(batch_size)
        self.dataset = BatchDataset(
            data,
            recipe,
            seed=seed,
            threads=1 if processes else max(workers, 1),
            on_error=on_error,
            budget=budget,
            manifest=manifest,
        )
        self.sampler = BatchSampler(
            len(data),
            batch_size,
            seed=seed,
            shuffle=shuffle,
            drop_last=drop_last,
            rank=rank,
            world_size=world_size,
        )
        self.workers = workers
        self.processes = processes
        self.prefetch = prefetch
        self.pin_memory = pin_memory
        self.multiprocessing_context = multiprocessing_context
        #: Samples replaced so far, in the batches yielded.
        self.replaced = 0
        self._step = 0
        self._processes: DataLoader[Batch] | None = None

    def __len__(self) -> int:
        """Batches in an epoch, on this rank."""
        return len(self.sampler)

    @property
    def epoch(self) -> int:
        """The epoch under way, or the next one between two iterations."""
        return self.sampler.epoch

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch that the next iteration draws, from its first batch."""
        self.sampler.set_epoch(epoch)
        self._step = 0

    def state_dict(self) -> dict[str, Any]:
        """Where the run stands, after the last batch yielded (torchdata's stateful protocol)."""
        return self.sampler.state_dict(step=self._step)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Makes the next iteration go on after the batch at which the state was saved.

        Raises:
            RecipeError: If the state doesn't fit this loader; the message says how.
        """
        self.sampler.load_state_dict(state)
        self._step = self.sampler.first_step

    def __iter__(self) -> Iterator[Batch]:
        epoch = self.epoch
        keys = _Keys(self.sampler)
        self._step = keys.first
        if self.processes:
            batches = self._in_processes(keys)
        elif self.workers:
            batches = self._in_threads(keys)
        else:
            batches = map(self.dataset.assemble, keys)
        for batch in batches:
            self._step += 1
            self.replaced += len(batch.replaced)
            yield batch.pin_memory() if self.pin_memory else batch
        self.set_epoch(epoch + 1)

    def _in_threads(self, keys: Iterable[BatchKey]) -> Iterator[Batch]:
        """Assembles ahead in one thread, whose native calls share their rows among ``workers`` threads."""
        with ThreadPoolExecutor(1, "impasto-loader") as executor:
            ahead: deque[Future[Batch]] = deque()
            try:
                for key in keys:
                    ahead.append(executor.submit(self.dataset.assemble, key))
                    if len(ahead) > self.prefetch:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                executor.shutdown(wait=False, cancel_futures=True)

    def _in_processes(self, keys: _Keys) -> Iterator[Batch]:
        """Assembles in the worker processes of a stock DataLoader, which live as long as the loader."""
        if self._processes is None:
            self._processes = DataLoader(
                self.dataset,
                batch_sampler=(sampler := _Upcoming()),
                num_workers=self.workers,
                prefetch_factor=self.prefetch,
                persistent_workers=True,
                multiprocessing_context=self.multiprocessing_context,
            )
            self._upcoming = sampler
        self._upcoming.keys = keys
        return iter(self._processes)


class _Keys:
    """The keys of the rest of an epoch."""

    def __init__(self, sampler: BatchSampler) -> None:
        self.sampler = sampler
        self.epoch = sampler.epoch
        self.first = sampler.first_step
        sampler.first_step = 0

    def __len__(self) -> int:
        return len(self.sampler) - self.first

    def __iter__(self) -> Iterator[BatchKey]:
        return (self.sampler.key(self.epoch, step) for step in range(self.first, len(self.sampler)))


class _Upcoming:
    """The batch sampler of a DataLoader that lives for many epochs: whatever keys come next."""

    keys: Iterable[BatchKey] = ()

    def __iter__(self) -> Iterator[BatchKey]:
        return iter(self.keys)
