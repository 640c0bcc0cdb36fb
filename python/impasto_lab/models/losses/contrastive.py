"""Contrastive losses: targets from a slow teacher, and a whole against its parts."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def taught_targets(similarities: Tensor, alpha: float, same: Tensor | None = None) -> Tensor:
    """Targets of ALBEF's contrastive loss (Li et al. 2021, equations 6 and 7).

    Args:
        similarities: [B, N] of the momentum model, divided by the temperature; row i belongs to column i.
        alpha: The teacher's weight, in [0, 1]; the rest is the pair itself.
        same: [B, N] bool, the columns among which the rest is shared evenly; by default the row's own alone.

    Returns:
        [B, N]; rows sum to 1.
    """
    own = own_targets(similarities, same)
    return alpha * similarities.softmax(dim=1) + (1 - alpha) * own


def own_targets(similarities: Tensor, same: Tensor | None = None) -> Tensor:
    """Targets [B, N] that are spread evenly over the columns that are a row's own; row i has column i in any case.

    Args:
        similarities: [B, N], for shape, type and place.
        same: [B, N] bool, or None for column i alone.
    """
    own = torch.eye(*similarities.shape, dtype=similarities.dtype, device=similarities.device)
    if same is None:
        return own
    shared = torch.maximum(own, same.to(own.dtype))
    return shared / shared.sum(dim=1, keepdim=True)


def global_local(wholes: Tensor, parts: Tensor, temperature: Tensor | float, real: Tensor | None = None) -> Tensor:
    """TCL's local contrastive loss (Yang et al. 2022, equation 5): a whole is to be near each of its own parts.

    For each part of a sample the sample's whole is told from the parts of all other samples. Parts that are padding
    take no side; the published code shifts them by 10,000 instead, which comes to the same.

    Args:
        wholes: [B, D] of length 1.
        parts: [B, P, D] of length 1.
        temperature: What similarities are divided by.
        real: [B, P] bool, the parts that count; None is all.

    Returns:
        The mean over samples of the mean over their parts, a scalar; a sample without parts counts as 0.
    """
    similarities = torch.einsum("id,jpd->ijp", wholes, parts) / temperature  # [B, B, P]
    samples = len(wholes)
    own = torch.eye(samples, dtype=torch.bool, device=wholes.device)
    if real is None:
        real = torch.ones(parts.shape[:2], dtype=torch.bool, device=parts.device)
    left_out = own[:, :, None] | ~real[None]  # [B, B, P]
    others = similarities.masked_fill(left_out, float("-inf")).flatten(1).logsumexp(dim=1)  # [B]
    pairs = similarities[own]  # [B, P]
    losses = functional.softplus(others[:, None] - pairs) * real
    return (losses.sum(dim=1) / real.sum(dim=1).clamp(min=1)).mean()
