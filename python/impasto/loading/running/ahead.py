"""Batches on a device ahead of the training step, copied and finished from a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import torch

from impasto.loading.running.lanes import Lane, Mark
from impasto.loading.running.staging import Staging
from impasto.loading.running.tensors import map_tensors

Item = TypeVar("Item")


def ahead_on(
    lane: Lane, batches: Iterator[Item], depth: int, finish: Callable[[Item], Item] = lambda batch: batch
) -> Generator[Item, None, None]:
    """Gives batches on a device, ``depth`` of them asked for ahead.

    The device holds ``depth + 1`` batches besides those that its user holds: before one more is asked for, the thread
    waits until the device is through with what its user asked before taking the last but ``depth``.

    Args:
        lane: Where batches are copied and finished, in their order, beside the user's work.
        batches: What is copied: tensors in any form. The first is taken in the caller's thread, as worker processes
            start with it; the others in the thread that copies, where they are closed if they can be.
        depth: Batches asked for ahead.
        finish: What is done to each on the device.
    """
    staging = Staging(lane)
    executor = ThreadPoolExecutor(1, "impasto-device")
    ahead: deque[Future[tuple[Item, Mark | None] | None]] = deque()
    first: list[Item] = []
    ended = False

    def make(before: Mark | None) -> tuple[Item, Mark | None] | None:
        nonlocal ended
        lane.enter()
        # Nothing is taken from its maker before the device has room.
        if before is not None:
            before.synchronize()
        batch = first.pop() if first else None if ended else next(batches, None)
        if batch is None:
            ended = True
            return None
        with torch.no_grad():
            return finish(staging.copy(batch)), lane.mark()

    try:
        # A process that is forked by a pool's thread ends with an error (it can't join that thread, as which it goes
        # on), and torch raises one, whatever the main thread is doing, where a worker ends so.
        first += islice(batches, 1)
        lane.follow_user()
        for _ in range(depth):
            ahead.append(executor.submit(make, None))
        while True:
            ahead.append(executor.submit(make, lane.user_mark()))
            made = ahead[0].result()
            if made is None:
                return
            ahead.popleft()
            lane.hand_over(_tensors(made[0]), made[1])
            # Who lets a batch go shall find its memory free: nothing here refers to it while it is used.
            given = [made[0]]
            del made
            yield given.pop()
    finally:
        _end(batches, ahead)
        # Who leaves an epoch doesn't wait for the batch in work.
        executor.shutdown(wait=False)


def _tensors(batch: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        found.append(tensor)
        return tensor

    map_tensors(batch, note)
    return found


def _end(batches: Iterator[Any], ahead: deque[Future[Any]]) -> None:
    """Cancels what has not begun, and closes the batches once nobody takes from them."""
    close = getattr(batches, "close", None)
    under_way = [future for future in ahead if not future.cancel()]
    if close is None:
        return
    if under_way:
        under_way[-1].add_done_callback(lambda _: close())
    else:
        close()
