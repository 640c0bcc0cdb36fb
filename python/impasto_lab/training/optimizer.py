"""AdamW as vision-language models use it, its learning rate over time, and the clipping of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from impasto_lab.training.settings import Schedule


def adamw(
    model: nn.Module, *, lr: float, weight_decay: float, betas: tuple[float, float] = (0.9, 0.98), eps: float = 1e-6
) -> torch.optim.AdamW:
    """AdamW without decay on parameters of at most one dimension: biases, norms' gains, scales.

    Args:
        model: Whose parameters are trained.
        lr: The learning rate.
        weight_decay: On matrices, kernels and tables.
        betas: Decay of the first and second moments.
        eps: Added to the square root of the second moment.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim >= 2], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim == 1], "weight_decay": 0.0},
        # Scalars stay whole where all else is sharded, and torch updates no mixture of the two.
        {"params": [parameter for parameter in trained if parameter.ndim == 0], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas, eps=eps, fused=_fusable(trained))


def _fusable(parameters: list[nn.Parameter]) -> bool:
    return all(parameter.device.type in ("cpu", "cuda") and parameter.is_floating_point() for parameter in parameters)


def scheduled(step: int, *, steps: int, warmup: int, schedule: Schedule = "cosine", floor: float = 0.0) -> float:
    """The learning rate's factor at a step: a line up from the floor, then down to it as the schedule says.

    Args:
        step: In ``range(steps)``.
        steps: Of the whole run.
        warmup: Steps of the line; the last of them is at 1.
        schedule: Half a ``"cosine"``, a ``"linear"`` way, or ``"constant"``.
        floor: The factor before the first step and after the last one.

    >>> [round(scheduled(step, steps=6, warmup=2), 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    >>> [round(scheduled(step, steps=6, warmup=2, schedule="linear", floor=0.2), 3) for step in range(6)]
    [0.6, 1.0, 1.0, 0.8, 0.6, 0.4]
    """
    if step < warmup:
        return floor + (1 - floor) * (step + 1) / warmup
    part = (step - warmup) / max(steps - warmup, 1)
    way = {"cosine": 0.5 * (1 + math.cos(math.pi * part)), "linear": 1 - part, "constant": 1.0}[schedule]
    return floor + (1 - floor) * way


def clip_gradients(parameters: Iterable[nn.Parameter], limit: float | None) -> Tensor:
    """Scales gradients down where the norm of all of them together is above a limit; sharded ones may be among them.

    Args:
        parameters: Whose gradients.
        limit: The largest norm; None leaves them as they are.

    Returns:
        The norm before, a scalar.
    """
    trained = [parameter for parameter in parameters if parameter.grad is not None]
    sharded = [parameter for parameter in trained if isinstance(parameter, DTensor)]
    whole = [parameter for parameter in trained if not isinstance(parameter, DTensor)]
    # Torch takes no norm of a mixture of the two.
    norm = torch.stack([_norm(sharded), _norm(whole)]).norm() if sharded and whole else _norm(trained)
    if limit is not None:
        for kind in (sharded, whole):
            nn.utils.clip_grads_with_norm_(kind, limit, norm)
    return norm


def _norm(parameters: Sequence[nn.Parameter]) -> Tensor:
    norm = nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    return norm.full_tensor() if isinstance(norm, DTensor) else norm
