"""Batches ahead of the training step, from threads."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from impasto.batch import BatchKey
from impasto.loading.running.work import Made

Started = TypeVar("Started")


def in_threads(
    begin: Callable[[BatchKey], Started], complete: Callable[[Started], Made], keys: Iterator[BatchKey], prefetch: int
) -> Generator[Made, None, None]:
    """Makes batches ahead in two threads, of which one begins a batch while the other completes the one before.

    Their native calls share rows among threads of their own, so that no core waits while Python has a batch. Each of
    the two has one batch at a time, in order: what users bring (sources, tokenizers) is never called twice at once.

    Args:
        begin: Reads a batch.
        complete: Makes it of what was read.
        keys: Of the batches.
        prefetch: Batches made ahead.
    """
    beginning, completing = (
        ThreadPoolExecutor(1, f"impasto-{name}", initializer=_run_in_long_turns) for name in ("begin", "complete")
    )
    ahead: deque[Future[Made]] = deque()

    def submit(key: BatchKey) -> Future[Made]:
        begun = beginning.submit(begin, key)
        return completing.submit(lambda: complete(begun.result()))

    try:
        for key in keys:
            ahead.append(submit(key))
            if len(ahead) > prefetch:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        # Who leaves an epoch doesn't wait for the batches in work.
        for executor in (beginning, completing):
            executor.shutdown(wait=False, cancel_futures=True)


def _run_in_long_turns() -> None:
    """Tells Linux that this thread, and the native ones that it starts, compute and don't answer anybody.

    A thread that wakes then doesn't push another one from its core, the training step's neither: it takes a core that
    is idle. On two cores 0.12 of a core stood idle for 0.17 (docs/performance.md).
    """
    if hasattr(os, "SCHED_BATCH"):
        # Where a container forbids it, batches are the same and hardly later.
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
