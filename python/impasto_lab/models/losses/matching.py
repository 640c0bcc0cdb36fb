"""Whether an image and a caption belong together: which wrong pairs are shown, and the loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from impasto.checks import require


def hard_negatives(similarities: Tensor, draws: Tensor, same: Tensor | None = None) -> Tensor:
    """For each row another column, the likelier the more similar (Li et al. 2021, section 3.2).

    The row's own column is left out before the softmax, not after it: that is the same distribution, and one that
    can't vanish where the own column is far ahead of all others.

    Args:
        similarities: [B, B], divided by the temperature; row i belongs to column i.
        draws: [B] in [0, 1), one for each row: the place in the distribution that is taken.
        same: [B, B] bool, the columns that belong to a row as its own does, and are no negatives of it; by default its
            own alone, and so where all of the batch's do.

    Returns:
        [B] int64, none its own row's number.

    Raises:
        RecipeError: If there is one row alone.
    """
    count = len(similarities)
    require(count > 1, "a batch of one pair has no negatives; use a larger batch_size")
    own = torch.eye(count, dtype=torch.bool, device=similarities.device)
    if same is not None:
        own = torch.where(same.all(dim=1, keepdim=True), own, same)
    weights = similarities.detach().float().masked_fill(own, float("-inf")).softmax(dim=1).double()  # [B, B]
    steps = weights.cumsum(dim=1)
    places = draws.to(steps)[:, None] * steps[:, -1:]  # [B, 1]
    chosen = torch.searchsorted(steps, places, right=True)[:, 0]
    # A place that rounding puts at the very end belongs to the last column that is possible.
    last = (weights > 0).double().cumsum(dim=1).argmax(dim=1)
    return torch.minimum(chosen, last)


def matching_loss(logits: Tensor, matched: Tensor) -> Tensor:
    """Cross-entropy of whether pairs belong together.

    Args:
        logits: [P, 2]: of "no" and of "yes".
        matched: [P] bool.

    Returns:
        The mean, a scalar.
    """
    return functional.cross_entropy(logits, matched.long())
