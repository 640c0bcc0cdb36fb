"""Who lends a row its style, and how much of it: drawn first, small, printable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto.checks import require
from impasto.style.randomize.draw import choose
from impasto.style.randomize.strength import Alpha, draw_alpha


@dataclass(frozen=True, eq=False)
class PartnerPlan:
    """The partners of a batch of B rows, drawn before any pixel is read; replay it on other views.

    Attributes:
        count: Rows in the batch, B.
        rows: [M] int64, on the CPU: the rows that are changed; the others stay as they are.
        partners: [M] int64, on the CPU: the row whose style each takes, never its own.
        alphas: [M] float32, on the CPU: how much of it, in [0, 1].
    """

    count: int
    rows: Tensor
    partners: Tensor
    alphas: Tensor

    @classmethod
    def nothing(cls, count: int) -> PartnerPlan:
        """A plan that leaves B = ``count`` rows as they are."""
        none = torch.zeros(0, dtype=torch.int64)
        return cls(count, none, none, torch.zeros(0))

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        drawn = zip(self.rows.tolist(), self.partners.tolist(), self.alphas.tolist(), strict=True)
        pairs = [f"{row}<{partner}@{alpha:.3g}" for row, partner, alpha in drawn]
        more = f", ... {len(pairs) - 8} more" if len(pairs) > 8 else ""
        return f"PartnerPlan({self.count} rows, changed: [{', '.join(pairs[:8])}{more}])"


def draw_partners(
    rng: np.random.Generator,
    count: int,
    *,
    share: float,
    alpha: Alpha,
    domains: Tensor | Sequence[int] | None = None,
) -> PartnerPlan:
    """Draws rows, then their partners, then how much they take.

    Args:
        rng: Where all of it comes from.
        count: Rows in the batch, B.
        share: Of the batch that is changed, in [0, 1].
        alpha: How much of the partner's style: a number, a range, a `Beta` or a distribution.
        domains: [B] whole numbers: partners come from another domain; rows that find none stay as they are. Without,
            each other row is as likely.

    Raises:
        RecipeError: If domains are not [B], or alpha makes no sense.
    """
    given = None if domains is None else np.asarray(torch.as_tensor(domains).cpu())
    require(given is None or given.shape == (count,), f"domains must be [{count}], one for each row")
    rows = choose(count, share, rng)
    partners = rng.integers(max(count - 1, 1), size=len(rows))
    partners += partners >= rows
    if count == 1:
        rows, partners = rows[:0], partners[:0]
    elif given is not None:
        others = [np.flatnonzero(given != given[row]) for row in rows.tolist()]
        found = np.array([len(other) > 0 for other in others], bool)
        picked = [int(rng.choice(other)) for other in others if len(other)]
        rows, partners = rows[found], np.array(picked, np.int64)
    alphas = draw_alpha(alpha, len(rows), rng)
    return PartnerPlan(count, torch.from_numpy(rows), torch.from_numpy(partners), alphas)
