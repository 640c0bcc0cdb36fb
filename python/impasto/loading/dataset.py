"""A batch as one call: the map-style data set behind every loader."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Unpack, overload

import numpy as np
import numpy.typing as npt
import torch

from impasto import _core
from impasto.batch import Batch, BatchKey, Replaced, view_names
from impasto.checks import at_least, is_number, require, whole
from impasto.errors import ImpastoError
from impasto.loading.bad_samples import BadSamples
from impasto.loading.batches import Yielded
from impasto.loading.epochs.facts import data_facts, recipe_facts
from impasto.loading.forms import PARTS, Form, Formed, Former, Named, Placed
from impasto.loading.mixture import Mixture
from impasto.loading.options import DatasetOptions
from impasto.loading.parts.captions import all_captions, usable_captions
from impasto.loading.parts.columns import check_names, class_labels, read_columns, read_labels
from impasto.loading.parts.images import allocate
from impasto.loading.parts.measures import measures_of
from impasto.loading.parts.overflow import Overflow
from impasto.loading.parts.portions import Begun, Portion, portion_of
from impasto.loading.parts.rows import load_rows
from impasto.loading.running.buffers import Buffers
from impasto.loading.running.parents import end_with_parent
from impasto.loading.running.ring import AVAILABLE, Ring
from impasto.loading.running.tensors import map_tensors
from impasto.loading.running.traveling import Traveling, require_sendable
from impasto.loading.running.watching import Watch
from impasto.loading.running.work import NATIVE, Made, UnderWay, Work
from impasto.loading.transforms import Transform, Transforms
from impasto.plan import MixPlan, Plan, ViewPlan
from impasto.recipe import Recipe, clean_caption
from impasto.sources import Source

_NO_KEY = (
    "no epoch came with samples {samples}, so that every epoch would have the same crops and mixtures: a sampler of "
    "single samples (shuffle=True, DistributedSampler), a Subset or a ConcatDataset stands where a BatchSampler must. "
    "Use DataLoader(dataset, batch_sampler=impasto.BatchSampler(dataset, batch_size)), make one source of the data "
    "that you want, and tell Ray prepare_data_loader(loader, add_dist_sampler=False); one batch alone is "
    "dataset[impasto.BatchKey([0, 1])]"
)

#: Of N samples.
Measures = npt.NDArray[np.float64]


class BatchDataset(torch.utils.data.Dataset[Yielded]):
    """A data set whose unit is the batch, for a stock `torch.utils.data.DataLoader`.

    With ``dataset = BatchDataset(data, recipe)``, ``DataLoader(dataset, batch_sampler=BatchSampler(dataset, 256))``
    yields `Batch`es: the sampler's keys say which samples, epoch and step, and one native call does the rest, in
    whatever worker.

    Args:
        data: A source from `impasto.sources`.
        recipe: What is done to the samples.
        seed: Key of all random draws.
        threads: Native threads of one call; 1 inside worker processes.
        on_error: See `BadSamples`.
        budget: See `BadSamples`; each worker of a DataLoader judges what it makes.
        manifest: See `BadSamples`.
        shared: Whether worker processes write batches into a ring of shared memory that their reader takes without a
            copy (on Linux; see `Ring`), instead of leaving it to torch. A batch that is held keeps its memory.
        fields: See `Loader`.
        labels: See `Loader`.
        form: What is given, see `Loader`. A DataLoader without a ``collate_fn`` leaves it as it is; one of your own
            would be given it as ``batches[0].form``.
        transform: Done to each image before it is mixed, with a random stream of its own; see ``docs/views.md``. One
            function of (image [H, W, 3] uint8, `numpy.random.Generator`) that returns another such image, or one (or
            None) for each view.
        patience: Seconds that a worker process takes for a batch before it logs what it is at; None never does.

    Raises:
        RecipeError: If a value makes no sense.
        SourceError: If the manifest can't be written.
        VocabularyError: If the recipe's tokenizer has no usable vocabulary.
    """

    @overload
    def __init__(
        self: BatchDataset[Batch], data: Source, recipe: Recipe, *, form: None = None, **options: Unpack[DatasetOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: BatchDataset[dict[str, Any]],
        data: Source,
        recipe: Recipe,
        *,
        form: Named | Mapping[str, str],
        **options: Unpack[DatasetOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: BatchDataset[tuple[Any, ...]],
        data: Source,
        recipe: Recipe,
        *,
        form: Placed,
        **options: Unpack[DatasetOptions],
    ) -> None: ...
    @overload
    def __init__(
        self, data: Source, recipe: Recipe, *, form: Callable[[Batch], Yielded], **options: Unpack[DatasetOptions]
    ) -> None: ...
    def __init__(
        self,
        data: Source,
        recipe: Recipe,
        *,
        seed: int = 0,
        threads: int = 1,
        on_error: Literal["raise", "replace"] = "raise",
        budget: float = 0.01,
        manifest: str | Path | Literal[True] | None = True,
        shared: bool = True,
        fields: Sequence[str] | Mapping[str, str] = (),
        labels: str | None = None,
        form: Form = None,
        transform: Transform | Sequence[Transform | None] | None = None,
        patience: float | None = 60.0,
    ) -> None:
        whole("seed", seed, bits=64)
        at_least(1, threads=threads)
        positive = patience is None or (is_number(patience) and patience > 0)
        require(positive, f"patience={patience!r} must be a number of seconds, or None")
        require(isinstance(recipe, Recipe), f"recipe={recipe!r} must be an impasto.Recipe")
        _ = recipe.native  # a vocabulary that is missing is missed here, not in a worker
        self.data = data
        self.recipe = recipe
        self.seed = seed
        self.threads = threads
        self.bad_samples = BadSamples(on_error, budget=budget, manifest=manifest)
        require(isinstance(data, Source), f"data={data!r} is no source; see impasto.sources")
        self.fields = check_names(fields, (*PARTS, *view_names(len(recipe.views))))
        self.labels = labels
        #: Gives batches their form.
        self.former = Former(form, recipe, self.fields)
        self._transforms = Transforms(transform, len(recipe.views))
        self._facts: dict[str, Any] | None = None
        self._in_shape: dict[int, Recipe] = {}
        self._buffers = Buffers(limit=4 * len(recipe.views))
        self._ring = Ring(limit=8 * len(recipe.views)) if shared and AVAILABLE else None
        self._overflow = Overflow()
        self.patience = patience
        self._watch: Watch | None = None  # of a worker process
        #: What is being made in this process.
        self.under_way = UnderWay()

    def in_form(self, form: Form) -> BatchDataset[Any]:
        """The same data set with another form; what is replaced in one counts in the other.

        Raises:
            RecipeError: If there is no such form.
        """
        formed: BatchDataset[Any] = copy(self)
        formed.former = Former(form, self.recipe, self.fields)
        return formed

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"BatchDataset({self.data!r}, seed={self.seed})"

    @property
    def mixture(self) -> Mixture | None:
        """The data, where they are a `Mixture`, whose epochs a `BatchSampler` then follows."""
        return self.data if isinstance(self.data, Mixture) else None

    def borders(self) -> npt.NDArray[np.int64] | None:
        """Where the data's shards begin, if they lie in shards; see `impasto.sources.Source.borders`."""
        return self.data.borders()

    def measure(self, by: Literal["length", "aspect"], samples: npt.NDArray[np.int64], epoch: int) -> Measures:
        """What samples are put together by in an epoch: bytes of their captions, or their images' width over height.

        Args:
            by: Which; ``"aspect"`` is a logarithm, NaN where it isn't known.
            samples: int64 [N].
            epoch: The epoch.

        Raises:
            RecipeError: If it can't be known without reading what a sample lies in.
        """
        threads = self.threads
        return measures_of(self.data, self.recipe, by, samples, seed=self.seed, epoch=epoch, threads=threads)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shapes of which each batch has one; see `ImageRecipe`."""
        return self.recipe.shapes

    def _recipe_of(self, key: BatchKey) -> Recipe:
        if key.shape is None:
            return self.recipe
        if key.shape not in self._in_shape:
            self._in_shape[key.shape] = self.recipe.in_shape(key.shape)
        return self._in_shape[key.shape]

    def facts(self) -> dict[str, Any]:
        """What a state says of the data, the recipe and the key of its draws."""
        if self._facts is None:
            recipe = recipe_facts(self.recipe) | self._transforms.facts()
            self._facts = {**data_facts(self.data), "recipe": recipe, "drawing_seed": self.seed}
        return self._facts

    def __getitem__(self, key: BatchKey) -> Yielded:
        """The batch of a key, in its form.

        Raises:
            RecipeError: If it is no `BatchKey`: nothing would be drawn anew in the next epoch.
        """
        if torch.utils.data.get_worker_info() is None:
            return self._batch(key, None)
        formed: Yielded = self._in_worker(lambda: self._batch(key, self._ring))
        return formed

    def costed(self, key: BatchKey) -> Made:
        """The batch of a key and what it took, in a worker process of `Loader`."""
        before = time.process_time()
        made: Made = self._in_worker(lambda: self.make(key, self._ring))
        return Made(made.batch, replace(made.cost, cpu=time.process_time() - before))

    def _in_worker(self, make: Callable[[], Any]) -> Any:
        end_with_parent()
        try:
            self._watch = self._watch or Watch(self.patience, self.told)
            with self._watch:
                made = map_tensors(make(), require_sendable)
        except ImpastoError as error:
            error.pack()
            raise
        return made if self._ring is None else map_tensors(made, Traveling.of)

    def told(self) -> str:
        """What is being made in this process, in words."""
        return self.under_way.told(self.data)

    def _batch(self, key: BatchKey, ring: Ring | None) -> Yielded:
        require(isinstance(key, BatchKey), _NO_KEY.format(samples=key))
        formed: Yielded = self.former(self.assemble(key, ring))
        return formed

    def __getitems__(self, key: BatchKey) -> list[Any]:
        """The batch that a DataLoader's fetcher asks for."""
        return [Formed(self[key]) if self.former.form is not None else self[key]]

    def assemble(self, key: BatchKey, memory: Buffers | Ring | None = None) -> Batch:
        """Makes one batch: a pure function of the data, the recipe, the seed and the key.

        Args:
            key: The samples, epoch and step.
            memory: Where the images lie; by default in memory of this process.

        Raises:
            ImpastoError: Of the kind that fits the first broken sample, under ``on_error="raise"``.
            TransformError: If the transform failed.
            BadSampleBudgetError: If too many samples were broken, under ``on_error="replace"``.
        """
        batch = self.make(key, memory).batch
        self.bad_samples.judge(batch)
        return batch

    def make(self, key: BatchKey, memory: Buffers | Ring | None = None) -> Made:
        """`assemble`, with what it took; nothing is held to the budget."""
        return self.complete(self.begin(key), memory)

    def begin(self, key: BatchKey, crew: _core.Crew | None = None) -> Begun:
        """Reads one batch: the first part of `make`.

        Args:
            key: The samples, epoch and step.
            crew: Whose threads are shared with the batches that are made at the same time.
        """
        portion = portion_of(key, self.recipe, self.seed)
        asked, own = portion.samples, portion.own
        work = Work(key, _core.Staged(self._recipe_of(key).native, len(asked), crew))
        self.under_way.add(work)
        replaces = self.bad_samples.replace
        with work.unless_it_fails():
            samples, broken = load_rows(self.data, work, asked, seed=self.seed, threads=self.threads, replace=replaces)
            with work.at("transform"):
                self._transforms.apply(work.staged, asked, seed=self.seed, epoch=key.id.epoch)
        work.rest()
        # Whose the others are counts what is broken of them.
        return Begun(work, portion, samples[:own], [bad for bad in broken if bad[0] < own])

    def complete(self, begun: Begun, memory: Buffers | Ring | None = None) -> Made:
        """Makes a batch of what was read: the second part of `make`, in the batches' order."""
        work, portion, samples, broken = begun
        work.resume()
        with work.unless_it_fails():
            batch = self._completed(work, portion, samples, broken, memory)
            self.bad_samples.record(batch)
            if self.recipe.mix and batch.lost is not None:
                self._overflow.judge(self.recipe.mix, batch)
        return Made(batch, work.end())

    def _completed(
        self,
        work: Work,
        portion: Portion,
        samples: npt.NDArray[np.int64],
        broken: list[tuple[int, ImpastoError]],
        memory: Buffers | Ring | None,
    ) -> Batch:
        key, staged = work.key, work.staged
        recipe, count = self._recipe_of(key), len(key)
        images, flat = allocate(recipe, count, memory or self._buffers)
        text = recipe.text
        every = text is not None and text.captions == "all"
        tokenizer = text.resolved if text and not every else None
        length = text.room if text and tokenizer else 0
        ids, mask = np.empty((count, length), np.int64), np.empty((count, length), np.int64)
        if text and text.captions == "first":
            for row, sample in enumerate(work.samples.tolist()):
                staged.set_caption(row, usable_captions(self.data, sample, text)[0])
        for row, caption in staged.needs_cleaning():
            staged.set_caption(row, clean_caption(caption))
        with work.at(NATIVE):
            finished = staged.finish(
                flat,
                ids.reshape(-1),
                mask.reshape(-1),
                seed=self.seed,
                epoch=key.id.epoch,
                step=portion.drawn_by.step,
                number=portion.drawn_by.number,
                threads=self.threads,
                portion=portion.native,
            )
        captions, rare = finished.captions, finished.needs_cleaning
        lost: npt.NDArray[np.int32] | None = finished.lost
        if tokenizer and rare and lost is not None:
            cleaned = [clean_caption(captions[row]) for row in rare]
            lost[rare] = tokenizer.native.write(
                cleaned,
                rare,
                ids,
                mask,
                pad_id=tokenizer.pad_id,
                parse_specials=tokenizer.specials == "parse",
                end=tokenizer.end,
            )
        foreign = text.foreign if text else None
        if text and foreign and not every:
            with work.at("tokenize"):
                ids, mask, lost = foreign.encode(captions, text.length)
        tokens = tokenizer is not None or foreign is not None
        numbers: list[int] = samples.tolist()
        loaded = staged.loaded(count)
        first, *others = (ViewPlan.of(view) for view in loaded.views)
        keys = loaded.keys
        kept: list[list[int] | None] = finished.kept if text else [None] * count
        mix = MixPlan.of(finished.mix)
        choices = loaded.choices if not text or text.captions == "draw" else np.full(count, -1 if every else 0)
        batch = Batch(
            images=images[0],
            input_ids=torch.from_numpy(ids) if tokens else None,
            attention_mask=torch.from_numpy(mask) if tokens else None,
            captions=captions if text else None,
            labels=read_labels(self.data, numbers, self.labels) if self.labels else class_labels(loaded.labels),
            keys=keys,
            plan=Plan(
                first.boxes,
                first.flips,
                choices,
                mix,
                kept,
                first.augmentations,
                loaded.wordings,
                first.patches,
                tuple(others),
            ),
            lost=torch.from_numpy(lost) if tokens and lost is not None else None,
            id=key.id,
            samples=torch.from_numpy(samples),
            replaced=tuple(
                Replaced(row, bad.key, bad.path, type(bad).__name__, bad.reason, keys[row]) for row, bad in broken
            ),
            truncated=tuple(keys[row] for row in loaded.truncated),
            fields=read_columns(self.data, numbers, self.fields),
            other_views=images[1:],
            mean_stds=tuple(None if view.dtype == "uint8" else view.mean_std for view in recipe.views),
        )
        if text and every:
            batch = batch.changed(**all_captions(self.data, numbers, text)._asdict())
        return batch
