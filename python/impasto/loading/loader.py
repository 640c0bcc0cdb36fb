"""The loader: batches ahead of the training step, from threads or processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, Never, TypeVar, Unpack, overload

import torch

from impasto import _core
from impasto.batch import Batch, BatchKey
from impasto.checks import at_least, choice, flag, require
from impasto.errors import RecipeError
from impasto.loading.batches import Yielded
from impasto.loading.dataset import BatchDataset
from impasto.loading.epochs.grouping import GroupBy
from impasto.loading.forms import Form, Named, Placed
from impasto.loading.iteration import Iteration
from impasto.loading.mixture import Mixture
from impasto.loading.options import LoaderOptions
from impasto.loading.parts.storing import Trial
from impasto.loading.running.ahead import ahead_on
from impasto.loading.running.copies import CopiesAhead
from impasto.loading.running.lanes import lane_to
from impasto.loading.running.processes import Processes
from impasto.loading.running.threads import in_threads
from impasto.loading.running.watching import Watch
from impasto.loading.running.work import Made
from impasto.loading.sampler import BatchSampler
from impasto.loading.stats import Stats, Tally
from impasto.loading.transforms import Transform
from impasto.messages import warn_once
from impasto.recipe import Recipe
from impasto.sources import Source, concat

Other = TypeVar("Other")

#: What users of a DataLoader look for, and where it is.
_ELSEWHERE = {
    "num_workers": "say workers=, and processes=True if they are to be processes",
    "prefetch_factor": "say prefetch=",
    "persistent_workers": "worker processes always outlive an epoch",
    "batch_sampler": "pass it to a DataLoader over impasto.BatchDataset",
    "sampler": "pass a BatchSampler to a DataLoader over impasto.BatchDataset",
    "collate_fn": "a loader's batches are whole; change them as they come",
}


class Loader(Generic[Yielded]):
    """Iterates over the batches of an epoch; each is a pure function of (data, recipe, seed, epoch, step).

    Threads, processes, prefetching and resuming change when a batch is ready, never its bytes. Each ``iter()`` is the
    next epoch, also where the one before was broken off, or goes on from a loaded state; see ``docs/epochs.md``.

    Args:
        data: A source from `impasto.sources`.
        recipe: What is done to the samples.
        batch_size: Samples in a batch, on this rank.
        workers: Native threads that assemble batches beside the training step (or worker processes); 0 assembles in
            the caller's thread, when asked.
        seed: Key of the order and of all random draws.
        processes: Use worker processes of a stock DataLoader instead of threads.
        shuffle: Visit the samples in a new random order every epoch; or ``"shards"``, in one in which few shards are
            open at once; see `BatchSampler`.
        window: Shards that are open at once, with ``shuffle="shards"``; 16 by default.
        group_by: Make batches of alike samples, by ``"length"``, ``"aspect"`` or numbers; see `BatchSampler`.
        group_window: Batches among which alike samples are put together; see `BatchSampler`.
        drop_last: See `BatchSampler`.
        rank: This process's number, in ``range(world_size)``; by default that of torch.distributed, where it runs.
        world_size: Number of processes; likewise.
        prefetch: Batches made ahead (for each worker process, with ``processes=True``).
        pin_memory: Copy batches to page-locked memory, for faster transfers to a GPU, where there is one; not needed
            with ``device``.
        device: Give batches on this device, copied beside the training step; see `prefetch`, which can do more there.
        on_error: ``"raise"``, or ``"replace"`` broken samples; see `BadSamples`.
        budget: Largest share of samples that may be replaced, on this rank, of 1,000 or more; see `BadSamples`.
        manifest: The file that replaced samples are written to; True for the default one; see `BadSamples`.
        fields: Names of facts (`Source.facts`) that pass through to ``Batch.fields``: numbers and truth values as
            tensors, the rest as lists; of the substitute where a sample was replaced. A mapping gives them names of
            its own, such as ``{"image_number": "id"}``.
        labels: The fact that is a sample's label, in place of the source's class number: a number, a list of K numbers
            (or an array), or a string; see ``Batch.labels``.
        form: What is yielded: None for an `impasto.Batch`; ``"dict"`` or ``"tuple"`` (images, ids or captions, labels
            if there are any); ``"huggingface"`` (a dict of pixel_values, input_ids, attention_mask, labels),
            ``"open_clip"`` (images, ids) or ``"albef"`` (images, captions); a mapping of new names to a batch's parts,
            such as ``{"pixel_values": "images"}``; or a function of the `Batch`.
        multiprocessing_context: ``"fork"``, ``"spawn"`` or ``"forkserver"``, with ``processes=True``.
        transform: Done to each image before it is mixed; see `BatchDataset`. Threads run it one image after another,
            worker processes beside each other.
        mix_over: Over which rows pairs are drawn, each ``"rank"``'s batch or the ``"global"`` one; see `BatchSampler`.
        patience: Seconds that a batch is waited for before what it is at is logged, and again after twice as many; None
            never does.

    Raises:
        RecipeError: If a value makes no sense.
        SourceError: If the manifest can't be written.
        VocabularyError: If the recipe's tokenizer has no usable vocabulary.
    """

    @overload
    def __init__(
        self: Loader[Batch], data: Source, recipe: Recipe, *, form: None = None, **options: Unpack[LoaderOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: Loader[dict[str, Any]],
        data: Source,
        recipe: Recipe,
        *,
        form: Named | Mapping[str, str],
        **options: Unpack[LoaderOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: Loader[tuple[Any, ...]], data: Source, recipe: Recipe, *, form: Placed, **options: Unpack[LoaderOptions]
    ) -> None: ...
    @overload
    def __init__(
        self, data: Source, recipe: Recipe, *, form: Callable[[Batch], Yielded], **options: Unpack[LoaderOptions]
    ) -> None: ...
    def __init__(
        self,
        data: Source,
        recipe: Recipe,
        *,
        batch_size: int,
        workers: int = 1,
        seed: int = 0,
        processes: bool = False,
        shuffle: bool | Literal["shards"] = True,
        window: int | None = None,
        group_by: GroupBy = None,
        group_window: int | None = None,
        drop_last: bool = True,
        rank: int | None = None,
        world_size: int | None = None,
        prefetch: int = 2,
        pin_memory: bool = False,
        device: torch.device | str | int | None = None,
        on_error: Literal["raise", "replace"] = "raise",
        budget: float = 0.01,
        manifest: str | Path | Literal[True] | None = True,
        fields: Sequence[str] | Mapping[str, str] = (),
        labels: str | None = None,
        form: Form = None,
        multiprocessing_context: str | None = None,
        transform: Transform | Sequence[Transform | None] | None = None,
        mix_over: Literal["rank", "global"] = "rank",
        patience: float | None = 60.0,
        **unknown: Never,
    ) -> None:
        for name in unknown:
            raise RecipeError(f"Loader takes no {name}=; {_ELSEWHERE.get(name, 'see help(impasto.Loader)')}")
        flag("processes", processes)
        flag("pin_memory", pin_memory)
        choice("multiprocessing_context", multiprocessing_context, (None, "fork", "spawn", "forkserver"))
        at_least(0, workers=workers)
        at_least(1, prefetch=prefetch, batch_size=batch_size)
        require(workers > 0 or not processes, "processes=True needs workers=1 or more")
        # Formed last, after the device: what is counted and copied is a Batch.
        self._batches = BatchDataset(
            data,
            recipe,
            seed=seed,
            threads=1 if processes else max(workers, 1),
            on_error=on_error,
            budget=budget,
            manifest=manifest,
            fields=fields,
            transform=transform,
            labels=labels,
            patience=patience,
        )
        self.dataset: BatchDataset[Yielded] = self._batches.in_form(form)
        self.batch_sampler = BatchSampler(
            self.dataset,
            batch_size,
            seed=seed,
            shuffle=shuffle,
            window=window,
            group_by=group_by,
            group_window=group_window,
            drop_last=drop_last,
            rank=rank,
            world_size=world_size,
            mix_over=mix_over,
        )
        if recipe.mix is not None:
            recipe.mix.check_batch(batch_size * (self.batch_sampler.world_size if mix_over == "global" else 1))
            unfit = mix_over == "global" and recipe.mix.pairing == "fit"
            require(not unfit, "pairing='fit' looks at the captions of the batch of all ranks; use mix_over='rank'")
        self.workers = workers
        self.processes = processes
        self.prefetch = prefetch
        self.pin_memory = pin_memory
        self.multiprocessing_context = multiprocessing_context
        # Once for all iterations, and not before somebody asks.
        self._try_smaller = Trial(data, recipe)
        self._tally = Tally(workers, type(data).__name__, self._try_smaller)
        #: Samples replaced so far, in the batches yielded.
        self.replaced = 0
        self._lane = None if device is None else lane_to(device)
        self.device = None if device is None else torch.device(device)
        self._pins = pin_memory and device is None and _can_pin()
        self._processes = Processes(self._batches, workers, prefetch, multiprocessing_context) if processes else None

    @overload
    @staticmethod
    def evaluation(
        data: Source, recipe: Recipe, *, form: None = None, **options: Unpack[LoaderOptions]
    ) -> Loader[Batch]: ...
    @overload
    @staticmethod
    def evaluation(
        data: Source, recipe: Recipe, *, form: Named | Mapping[str, str], **options: Unpack[LoaderOptions]
    ) -> Loader[dict[str, Any]]: ...
    @overload
    @staticmethod
    def evaluation(
        data: Source, recipe: Recipe, *, form: Placed, **options: Unpack[LoaderOptions]
    ) -> Loader[tuple[Any, ...]]: ...
    @overload
    @staticmethod
    def evaluation(
        data: Source, recipe: Recipe, *, form: Callable[[Batch], Other], **options: Unpack[LoaderOptions]
    ) -> Loader[Other]: ...
    @staticmethod
    def evaluation(data: Source, recipe: Recipe, *, form: Form = None, **options: Unpack[LoaderOptions]) -> Loader[Any]:
        """A loader of all samples once, in their order, with nothing drawn and the last batch as short as it comes.

        Args:
            data: A source; of a `Mixture` each row of each member, once, whatever its weights.
            recipe: `Recipe.evaluation` is taken of it, unless it has ``captions="all"``, which stays.
            form: What is yielded, as `Loader` says.
            options: Those of `Loader`, without ``shuffle`` and ``drop_last``, which are False.

        Raises:
            RecipeError: If a value makes no sense.
        """
        for name in ("shuffle", "drop_last"):
            require(name not in options, f"{name}= is what evaluation sets to False; leave it out, or make a Loader")
        options |= {"shuffle": False, "drop_last": False}
        # Weights say how often a member is trained on, not how much of it there is.
        data = concat(*data.members) if isinstance(data, Mixture) else data
        every = recipe.text is not None and recipe.text.captions == "all"
        evaluated = recipe.evaluation(captions="all" if every else "first")
        loader: Loader[Any] = Loader(data, evaluated, form=form, **options)
        return loader

    def __len__(self) -> int:
        """Batches in an epoch, on this rank."""
        return len(self.batch_sampler)

    def __iter__(self) -> Iteration[Yielded]:
        """The next epoch, or what is left of the one in which a loaded state stood."""
        # An iterator ends with its loop; what it has counted doesn't.
        self._tally = Tally(self.workers, type(self.dataset.data).__name__, self._try_smaller)
        watch = Watch(self._batches.patience, self._told)
        copies = partial(CopiesAhead, self.dataset.data)
        judge = self._batches.bad_samples.judge
        iteration = Iteration(self.batch_sampler, self._make, judge, self._yielded, watch, self._tally, copies)
        if self._processes is not None:
            # Worker processes wait for what this one copies.
            watch.also(iteration.copies.told)
        return iteration

    def stats(self) -> Stats:
        """What the latest iteration's batches took so far, stage by stage, which part binds, and what would help.

        ``print(loader.stats())`` says it in three lines; see ``docs/scale.md``.
        """
        return self._tally.stats()

    def _told(self) -> str:
        if self._processes is not None:
            return f"{self._processes.told()}; each says by itself what it is at"
        return self._batches.told() or "what was asked for is made, and not given yet"

    @property
    def epoch(self) -> int:
        """The epoch that the next ``iter()`` is of."""
        return self.batch_sampler.epoch

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch of the next ``iter()``; see `BatchSampler.set_epoch`."""
        self.batch_sampler.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Which batch comes next, after the last one yielded (torchdata's stateful protocol)."""
        return self.batch_sampler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Makes the next ``iter()`` go on after the batch at which the state was saved.

        Raises:
            CheckpointError: If the state doesn't fit this loader; the message says how.
        """
        self.batch_sampler.load_state_dict(state)

    def _make(self, keys: Iterator[BatchKey]) -> Generator[Made, None, None]:
        batches = self._make_on_host(keys)
        return batches if self._lane is None else ahead_on(self._lane, batches, self.prefetch)

    def _make_on_host(self, keys: Iterator[BatchKey]) -> Generator[Made, None, None]:
        if self._processes is not None:
            return self._processes.batches(keys)
        if self.workers:
            begin = partial(self._batches.begin, crew=_core.Crew(self.workers))
            return in_threads(begin, self._batches.complete, keys, self.prefetch)
        return (self._batches.make(key) for key in keys)

    def _yielded(self, batch: Batch) -> Yielded:
        yielded: Yielded = self.dataset.former(batch.pin_memory() if self._pins else batch)
        self.replaced += len(batch.replaced)
        return yielded

    def __repr__(self) -> str:
        kind = "processes" if self.processes else "threads"
        return f"Loader({self.dataset!r}, {self.batch_sampler!r}, workers={self.workers} {kind})"

    # What frameworks read from a DataLoader: Lightning, Accelerate's skip_first_batches, Ray's prepare_data_loader,
    # open_clip's trainer (which writes these two into loaders of its own).
    @property
    def num_batches(self) -> int:
        """Batches in an epoch, on this rank."""
        return len(self)

    @property
    def num_samples(self) -> int:
        """Samples in an epoch, over all ranks."""
        sampler = self.batch_sampler
        return len(sampler) * sampler.batch_size * sampler.world_size if self.drop_last else sampler.length

    collate_fn = worker_init_fn = generator = None
    timeout = 0

    @property
    def sampler(self) -> BatchSampler:
        """The batch sampler, where frameworks look for what has ``set_epoch``."""
        return self.batch_sampler

    @property
    def batch_size(self) -> int:
        """Samples in a batch, on this rank."""
        return self.batch_sampler.batch_size

    @property
    def drop_last(self) -> bool:
        """Whether samples that fill no whole round are left out."""
        return self.batch_sampler.drop_last

    @property
    def num_workers(self) -> int:
        """Worker processes."""
        return self.workers if self.processes else 0

    @property
    def prefetch_factor(self) -> int | None:
        """Batches that each worker process makes ahead."""
        return self.prefetch if self.processes else None


def _can_pin() -> bool:
    if torch.cuda.is_available():
        return True
    warn_once("pin_memory=True has no effect, as torch sees no GPU; leave it out", stacklevel=3)
    return False
