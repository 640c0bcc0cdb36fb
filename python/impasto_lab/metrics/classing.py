"""Classification: how often the right class is among the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.checks import require


@dataclass(frozen=True)
class Classified:
    """Where scores of N samples put the right class.

    Attributes:
        labels: [N] the right classes.
        ranks: [N] how many wrong classes score at least as high: a tie is a miss.
    """

    labels: npt.NDArray[np.int64]
    ranks: npt.NDArray[np.int64]

    def top(self, k: int) -> float:
        """The share of samples whose class is among the first k, in per cent."""
        return 100 * float((self.ranks < k).mean())

    def by_class(self) -> dict[int, float]:
        """For each class that there is, the share of its samples whose class comes first, in per cent."""
        return {int(one): 100 * float((self.ranks[self.labels == one] < 1).mean()) for one in np.unique(self.labels)}


def rank_classes(scores: npt.ArrayLike, labels: npt.ArrayLike) -> Classified:
    """Where the right class stands.

    Args:
        scores: [N, C], more is likelier.
        labels: [N] in ``range(C)``.

    Raises:
        RecipeError: If shapes don't fit, there is no sample, a label is no class, or a score is no number.
    """
    table, right = np.asarray(scores), np.asarray(labels, np.int64)
    fit = table.ndim == 2 and right.shape == table.shape[:1]
    require(fit, f"scores {list(table.shape)} must be [N, C] and labels {list(right.shape)} [N]")
    require(len(right) > 0, "there are no samples")
    count = table.shape[1]
    require(bool(((right >= 0) & (right < count)).all()), f"labels must lie in 0..{count - 1}")
    require(not bool(np.isnan(table).any()), "a score is no number")
    own = np.take_along_axis(table, right[:, None], axis=1)
    return Classified(right, (table >= own).sum(axis=1) - 1)
