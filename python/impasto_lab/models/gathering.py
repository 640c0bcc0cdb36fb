"""Features of all processes that train one model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def processes() -> int:
    """How many train together; 1 alone."""
    joined = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if joined else 1


@torch.no_grad()
def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes, in the order of their ranks, without gradients; all ask, with as many rows each."""
    if processes() == 1:
        return rows.detach()
    parts = [torch.empty_like(rows) for _ in range(processes())]
    distributed.all_gather(parts, rows.detach().contiguous())
    return torch.cat(parts)


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.count = len(rows)
        return gathered(rows)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        # Each process has a part of the gradient of everybody's rows.
        whole = gradients[0].contiguous()
        distributed.all_reduce(whole)
        return whole[ctx.count * distributed.get_rank() :][: ctx.count]


def gathered_with_gradients(rows: Tensor) -> Tensor:
    """The rows of all processes, as `gathered` has them; what they are used for leads back to those who made them.

    Where every process computes the same loss of all rows, the mean over the processes of their weights' gradients,
    which DDP takes, is the gradient of that loss.
    """
    if processes() == 1:
        return rows
    whole: Tensor = _Gathered.apply(rows)  # type: ignore[no-untyped-call,unused-ignore]
    return whole
