"""Words told from what is around them."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def masked_word_loss(logits: Tensor, labels: Tensor, taught: Tensor | None = None, alpha: float = 0.0) -> Tensor:
    """Cross-entropy of masked words, with a teacher's opinion mixed in (Li et al. 2021, equation 8).

    Args:
        logits: [M, V], of masked places alone.
        labels: [M] int64, the words that stood there.
        taught: [M, V], the momentum model's logits; None takes the words alone.
        alpha: The teacher's weight, in [0, 1].

    Returns:
        The mean over masked places, a scalar; 0 where none is masked.
    """
    if len(labels) == 0:
        return logits.sum()
    loss = functional.cross_entropy(logits, labels)
    if taught is None or alpha == 0:
        return loss
    return (1 - alpha) * loss + alpha * functional.cross_entropy(logits, taught.softmax(dim=-1))
