"""Grain: MapDataset, shuffled, read by its threads, batched, in processes by `mp_prefetch` where there are workers.

The chain is that of its README; batches cross processes as numpy arrays, for which Grain has shared memory. Its
processes end with the iterator that started them, so that with workers the rows are repeated, as its guide has it for
training of several epochs, and an epoch is so many batches of the one iterator that stays.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grain
import torch

from impasto_lab.bench.peers.pairs import MixAndTokenize, MixedPairs
from impasto_lab.bench.peers.readers.images import TOLERANCE, load_image
from impasto_lab.bench.peers.viewing import Viewed
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.work import Views, Work

__all__ = ["NAME", "PACKAGES", "TITLE", "TOLERANCE", "open_loader"]

NAME = "grain"
TITLE = "Grain + torchvision.io"
PACKAGES: tuple[str, ...] = ("grain", "torchvision", "open_clip_torch")


def open_loader(files: Files, work: Work, *, workers: int, views: Views | None = None) -> Iterable[MixedPairs]:
    """See `impasto_lab.bench.work.Peer`."""
    rows = grain.MapDataset.source(_Rows(files, Viewed(load_image, work, views)))
    if views is None:
        rows = rows.shuffle(seed=work.seed)
    if workers:
        rows = rows.repeat()
    # Without workers everything is to run on one core: Grain's threads would only take turns on it.
    options = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
    batches = rows.to_iter_dataset(options).batch(work.batch_size, drop_remainder=True, batch_fn=_Arrays(work))
    if not workers:
        return _Batches(batches)
    batches = batches.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers))
    return _Batches(_Staying(iter(batches), len(files) // work.batch_size))


class _Rows:
    """Random access to image and caption."""

    def __init__(self, files: Files, load: Viewed) -> None:
        self.paths, self.captions, self.load = files.paths, files.captions, load

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, str]:
        return self.load(Path(self.paths[number]).read_bytes(), number), self.captions[number]


class _Arrays(MixAndTokenize):
    """The collate function, with numpy arrays for tensors."""

    def __call__(self, pairs: Any) -> Any:
        """Makes a batch."""
        batch = super().__call__(list(pairs))
        assert batch.input_ids is not None
        assert batch.captions is not None
        return {"images": batch.images.numpy(), "input_ids": batch.input_ids.numpy(), "captions": tuple(batch.captions)}


@dataclass(frozen=True)
class _Staying:
    """Epochs of one iterator without an end."""

    batches: Iterator[Any]
    epoch: int

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(self.batches, self.epoch)


class _Batches:
    """Grain's batches as tensors."""

    def __init__(self, batches: Iterable[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[MixedPairs]:
        for batch in self.batches:
            images, ids = (torch.from_numpy(batch[name]) for name in ("images", "input_ids"))
            yield MixedPairs(images, ids, list(batch["captions"]))
