"""Batches ahead of the training step, from threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from impasto.batch import Batch, BatchKey

Started = TypeVar("Started")


def in_threads(
    begin: Callable[[BatchKey], Started], complete: Callable[[Started], Batch], keys: Iterator[BatchKey], prefetch: int
) -> Generator[Batch, None, None]:
    """Makes batches ahead in two threads, of which one begins a batch while the other completes the one before.

    Their native calls share rows among threads of their own, so that no core waits while Python has a batch. Each of
    the two has one batch at a time, in order: what users bring (sources, tokenizers) is never called twice at once.

    Args:
        begin: Reads a batch.
        complete: Makes it of what was read.
        keys: Of the batches.
        prefetch: Batches made ahead.
    """
    beginning, completing = (ThreadPoolExecutor(1, f"impasto-{name}") for name in ("begin", "complete"))
    ahead: deque[Future[Batch]] = deque()

    def submit(key: BatchKey) -> Future[Batch]:
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
