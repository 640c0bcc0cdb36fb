"""AdamW as vision-language models use it, and its learning rate over time."""

from __future__ import annotations

import math

import torch
from torch import nn


def adamw(
    model: nn.Module, *, lr: float, weight_decay: float, betas: tuple[float, float] = (0.9, 0.98)
) -> torch.optim.AdamW:
    """AdamW without decay on parameters of at most one dimension: biases, norms' gains, scales.

    Args:
        model: Whose parameters are trained.
        lr: The learning rate.
        weight_decay: On matrices, kernels and tables.
        betas: Decay of the first and second moments.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim >= 2], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas, eps=1e-6, fused=_fusable(trained))


def _fusable(parameters: list[nn.Parameter]) -> bool:
    return all(parameter.device.type in ("cpu", "cuda") and parameter.is_floating_point() for parameter in parameters)


def warmup_cosine(step: int, *, steps: int, warmup: int, floor: float = 0.0) -> float:
    """The learning rate's factor at a step: a line up from nothing, then half a cosine down.

    Args:
        step: In ``range(steps)``.
        steps: Of the whole run.
        warmup: Steps of the line; the last of them is at 1.
        floor: The factor after the last step.

    >>> [round(warmup_cosine(step, steps=6, warmup=2), 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    if step < warmup:
        return (step + 1) / warmup
    part = (step - warmup) / max(steps - warmup, 1)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * part))
