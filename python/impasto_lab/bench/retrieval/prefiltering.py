"""What a prefilter saves a ViLT, and what it costs in recall, on somebody's own checkpoints and data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from impasto import sources
from impasto.errors import CheckpointError
from impasto.sources import Source
from impasto_lab.bench.retrieval.settings import RetrievalTiming
from impasto_lab.bench.timing import Track
from impasto_lab.models import Vilt
from impasto_lab.tasks.downstream import Judging, RetrievalOptions, evaluate, held_of, open_checkpoint
from impasto_lab.tasks.downstream.opened import require_task

#: Models that have towers.
PREFILTERS = ("clip", "albef", "tcl")


@dataclass(frozen=True)
class Filtered:
    """One way to search the same images and captions.

    Attributes:
        by: The prefilter's checkpoint; None asks the ViLT about all pairs.
        k: Candidates each way; None where all pairs are asked about, or the prefilter alone searches.
        rsum: The sum of six recalls, in per cent.
        seconds: Of CPU time on one core, loading and embedding included.
    """

    by: str | None
    k: int | None
    rsum: float
    seconds: float


def check(settings: RetrievalTiming) -> None:
    """Opens data and checkpoints, so that nothing is timed before.

    Args:
        settings: As `compare` takes them.

    Raises:
        CheckpointError: If a checkpoint is none, or of a model that can't be asked so.
        SourceError: If data can't be read.
    """
    if settings.data is None:
        return
    sources.open(settings.data)
    asked = open_checkpoint(settings.vilt or "")
    if asked.kind != "vilt":
        raise CheckpointError(f"it is a {asked.kind}, and all pairs are asked about of a vilt", path=asked.path)
    for by in settings.prefilter:
        require_task(open_checkpoint(by), "a prefilter", PREFILTERS, tuned=False)


def compare(settings: RetrievalTiming, track: Track) -> list[Filtered]:
    """Searches with a ViLT about all pairs, with each prefilter alone, and with the ViLT about its candidates.

    Args:
        settings: Whose ``vilt``, ``prefilter``, ``data``, ``compared`` and ``candidates`` say what is compared.
        track: Shows progress.

    Raises:
        CheckpointError: If a checkpoint is none, or of a model that can't be asked so.
        RecipeError: If there are more candidates than images.
        SourceError: If data can't be read.
    """
    if settings.data is None:
        return []
    data = sources.open(settings.data)
    data = data[np.arange(min(settings.compared, len(data)))]
    ways = list(_ways(settings))
    return [_search(settings, *ways[at], data) for at in track(range(len(ways)), "prefiltering")]


def _ways(settings: RetrievalTiming) -> Iterator[tuple[str | None, int | None]]:
    yield None, None
    for by in settings.prefilter:
        yield by, None
        for k in settings.candidates:
            yield by, k


def _search(settings: RetrievalTiming, by: str | None, k: int | None, data: Source) -> Filtered:
    judging = Judging(options=RetrievalOptions(k=k, prefilter=by), batch_size=settings.batch_size)
    began = time.process_time()
    if by is not None and k is None:
        opened = open_checkpoint(by)
        require_task(opened, "a prefilter", PREFILTERS, tuned=False)
        assert not isinstance(opened.base, Vilt)
        rsum = held_of(opened, data, judging).retrieval(opened.base).rsum  # by its towers alone
    else:
        rsum = evaluate("retrieval", open_checkpoint(settings.vilt or ""), data, judging)["rsum"]
    return Filtered(by, k, rsum, time.process_time() - began)
