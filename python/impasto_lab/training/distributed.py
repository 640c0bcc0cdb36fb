"""Several processes that train one model, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, distributed

from impasto.errors import RecipeError


def world() -> tuple[int, int]:
    """This process's rank and the number of processes; (0, 1) outside of `processes`."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


@contextmanager
def processes() -> Iterator[torch.device | None]:
    """Joins the processes that torchrun started, while the context lasts; alone, there is nothing to join.

    Yields:
        This process's GPU, by ``LOCAL_RANK``; None without GPUs or alone.

    Raises:
        RecipeError: If there are more processes on this machine than GPUs.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield None
        return
    device = None
    if torch.cuda.is_available():
        local = int(os.environ["LOCAL_RANK"])
        if local >= torch.cuda.device_count():
            raise RecipeError(f"LOCAL_RANK={local}, but there are {torch.cuda.device_count()} GPUs; start fewer")
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    # What processes agree on goes from CPU to CPU, so that no step waits for a GPU.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device else "gloo")
    try:
        yield device
    finally:
        distributed.destroy_process_group()


def mean(values: Sequence[float]) -> list[float]:
    """Numbers, each as its mean over the processes."""
    size = world()[1]
    if size < 2:
        return list(values)
    total = torch.tensor(values, dtype=torch.float64)
    distributed.all_reduce(total)
    return [value / size for value in total.tolist()]


def anywhere(holds: bool) -> bool:
    """Whether something holds in any of the processes; all wait for each other here."""
    return any(mean([float(holds)]))


def wait() -> None:
    """Waits until every process is here."""
    anywhere(False)


def average(tensor: Tensor) -> None:
    """Replaces a tensor by its mean over the processes."""
    distributed.all_reduce(tensor)
    tensor /= world()[1]
