"""Batches ahead of the training step, from a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from impasto.batch import Batch, BatchKey


def in_thread(
    assemble: Callable[[BatchKey], Batch], keys: Iterator[BatchKey], prefetch: int
) -> Generator[Batch, None, None]:
    """Assembles ahead in one thread, whose native calls share their rows among threads of their own.

    Args:
        assemble: Makes a batch.
        keys: Of the batches.
        prefetch: Batches made ahead.
    """
    executor = ThreadPoolExecutor(1, "impasto-loader")
    ahead: deque[Future[Batch]] = deque()
    try:
        for key in keys:
            ahead.append(executor.submit(assemble, key))
            if len(ahead) > prefetch:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        # Who leaves an epoch doesn't wait for the batch in work.
        executor.shutdown(wait=False, cancel_futures=True)
