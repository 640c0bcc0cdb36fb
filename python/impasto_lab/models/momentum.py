"""Slow copies of networks, which teach the networks that they follow."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

NetworkT = TypeVar("NetworkT", bound=nn.Module)


def slow_copy(network: NetworkT) -> NetworkT:
    """A copy that no gradient changes."""
    return copy.deepcopy(network).requires_grad_(False)


@torch.no_grad()
def follow(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    """Moves a slow copy towards its original: ``slow = momentum * slow + (1 - momentum) * fast`` (He et al. 2020).

    Args:
        slow: The copy, changed in place.
        fast: The original.
        momentum: In [0, 1]; 1 stays.
    """
    get_ema_multi_avg_fn(momentum)(  # type: ignore[no-untyped-call]
        list(slow.parameters()), list(fast.parameters()), 0
    )
