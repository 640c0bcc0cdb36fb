"""The arguments that loaders share, as type checkers see them: what the form of a batch has no part in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Required, TypedDict

import torch

from impasto.loading.epochs.grouping import GroupBy
from impasto.loading.transforms import Transform


class DatasetOptions(TypedDict, total=False):
    """Options of `BatchDataset`; each is documented there."""

    seed: int
    threads: int
    on_error: Literal["raise", "replace"]
    budget: float
    manifest: str | Path | Literal[True] | None
    shared: bool
    fields: Sequence[str] | Mapping[str, str]
    transform: Transform | Sequence[Transform | None] | None
    labels: str | None
    patience: float | None


class LoaderOptions(TypedDict, total=False):
    """Options of `Loader`; each is documented there."""

    batch_size: Required[int]
    workers: int
    seed: int
    processes: bool
    shuffle: bool | Literal["shards"]
    window: int | None
    group_by: GroupBy
    group_window: int | None
    drop_last: bool
    rank: int | None
    world_size: int | None
    prefetch: int
    pin_memory: bool
    device: torch.device | str | int | None
    on_error: Literal["raise", "replace"]
    budget: float
    manifest: str | Path | Literal[True] | None
    fields: Sequence[str] | Mapping[str, str]
    labels: str | None
    multiprocessing_context: str | None
    transform: Transform | Sequence[Transform | None] | None
    mix_over: Literal["rank", "global"]
    patience: float | None
