"""Several processes that train one model, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn

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
    distributed.init_process_group("nccl" if device else "gloo")
    try:
        yield device
    finally:
        distributed.destroy_process_group()


@torch.no_grad()
def share_weights(model: nn.Module) -> None:
    """Gives every process the first one's parameters and buffers."""
    if world()[1] > 1:
        for tensor in model.state_dict().values():
            distributed.broadcast(tensor, src=0)


@torch.no_grad()
def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replaces gradients by their mean over the processes; a parameter without one anywhere stays without.

    One flat transfer for each dtype: models here are small, and what is sent in one piece needs no buckets.
    """
    size = world()[1]
    if size < 2:
        return
    by_dtype: dict[torch.dtype, list[Tensor]] = {}
    for parameter in parameters:
        if parameter.requires_grad:
            if parameter.grad is None:  # all processes must send the same; this one has nothing to add
                parameter.grad = torch.zeros_like(parameter)
            by_dtype.setdefault(parameter.grad.dtype, []).append(parameter.grad)
    for gradients in by_dtype.values():
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= size
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


def wait() -> None:
    """Waits until every process is here."""
    if world()[1] > 1:
        distributed.barrier()
