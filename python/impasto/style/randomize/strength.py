"""The strength of a style: a number, a range, a distribution, or one for each image."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from impasto.checks import is_number, require
from impasto.errors import RecipeError
from impasto.recipe import Beta

#: What a strength may be given as: a number, an interval to draw from, or a distribution.
Alpha = float | tuple[float, float] | Beta | Distribution


def check_alpha(alpha: Any) -> None:
    """Sees that an alpha makes sense.

    Raises:
        RecipeError: If it is outside [0, 1], or no number, range (low, high), `Beta` or torch distribution of numbers.
    """
    if isinstance(alpha, Beta):
        return
    if is_number(alpha):
        require(0 <= alpha <= 1, f"alpha={alpha!r} must lie in [0, 1]: 0 keeps the image's own style, 1 replaces it")
    elif isinstance(alpha, Distribution):
        _check_distribution(alpha)
    else:
        pair = isinstance(alpha, tuple | list) and len(alpha) == 2 and all(map(is_number, alpha))
        require(pair, f"alpha={alpha!r} must be a number, a range (low, high), a Beta(a, b) or a torch distribution")
        low, high = alpha
        require(0 <= low <= high <= 1, f"alpha={alpha!r} must be a range (low, high) in [0, 1]")


def draw_alpha(alpha: Alpha | Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Draws strengths.

    Args:
        alpha: As in `StyleRandomizer`, or a tensor [N] or of one number.
        count: How many, N.
        rng: Draws them; a torch distribution, which knows torch's global generator only, is given a seed from it, and
            the global generator is left as it was.

    Returns:
        [N] float32, on the CPU, in [0, 1].

    Raises:
        RecipeError: If alpha makes no sense, or a distribution gave something outside [0, 1].
    """
    if isinstance(alpha, Tensor):
        values = alpha.detach().to("cpu", torch.float32)
        require(values.numel() in (1, count), f"alpha has the shape {list(alpha.shape)} for {count} images")
        values = values.reshape(-1).expand(count)
    else:
        check_alpha(alpha)
        values = _drawn(alpha, count, rng)
    if count and not bool(((values >= 0) & (values <= 1)).all()):
        raise RecipeError(f"alpha must lie in [0, 1], not in [{float(values.min()):g}, {float(values.max()):g}]")
    return values


def _drawn(alpha: Alpha, count: int, rng: np.random.Generator) -> Tensor:
    if isinstance(alpha, Beta):
        return torch.from_numpy(rng.beta(alpha.a, alpha.b, count).astype(np.float32))
    if isinstance(alpha, Distribution):
        return _sampled(alpha, count, int(rng.integers(2**62)))
    if is_number(alpha):
        return torch.full((count,), float(cast(float, alpha)))
    low, high = cast("tuple[float, float]", alpha)
    return torch.from_numpy(rng.uniform(low, high, count).astype(np.float32))


def _check_distribution(alpha: Distribution) -> None:
    shape = [*alpha.batch_shape, *alpha.event_shape]
    require(not shape, f"alpha={alpha!r} draws tensors of shape {shape}; use a distribution of single numbers")
    try:
        support = alpha.support
    except NotImplementedError:
        return  # unknown: what is drawn is checked
    low = getattr(support, "lower_bound", -torch.inf)
    high = getattr(support, "upper_bound", torch.inf)
    inside = float(low) >= 0 and float(high) <= 1
    require(
        inside or getattr(support, "is_discrete", False),
        f"alpha={alpha!r} can leave [0, 1]; use a Beta or a range, or Uniform within [0, 1]",
    )


def _sampled(alpha: Distribution, count: int, seed: int) -> Tensor:
    state = torch.default_generator.get_state()
    try:
        torch.default_generator.manual_seed(seed)
        values = alpha.sample((count,))
    finally:
        torch.default_generator.set_state(state)
    require(values.device.type == "cpu", f"alpha={alpha!r} draws on {values.device}; make its parameters on the CPU")
    return values.to(torch.float32)
