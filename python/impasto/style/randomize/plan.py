"""What was drawn for a batch: which rows are stylized, how, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class StylePlan:
    """The styles of a batch of B rows, drawn before any pixel is read; replay it to give them to other views.

    Attributes:
        count: Rows in the batch, B.
        rows: [M] int64, on the CPU: the rows that are stylized; the others stay as they are.
        embeddings: [M, E] float: the style of each.
        alphas: [M] float32, on the CPU: its strength. The network is given
            ``alpha * embedding + (1 - alpha) * base``, where the base is the image's own embedding or a mean one.
    """

    count: int
    rows: Tensor
    embeddings: Tensor
    alphas: Tensor

    @classmethod
    def nothing(cls, count: int, size: int) -> StylePlan:
        """A plan that leaves B = ``count`` rows as they are; ``size`` is an embedding's, E."""
        return cls(count, torch.zeros(0, dtype=torch.int64), torch.zeros(0, size), torch.zeros(0))

    def __len__(self) -> int:
        return self.count

    def __str__(self) -> str:
        pairs = [f"{row}@{alpha:.3g}" for row, alpha in zip(self.rows.tolist(), self.alphas.tolist(), strict=True)]
        return ", ".join(pairs[:8]) + (f", ... {len(pairs) - 8} more" if len(pairs) > 8 else "")

    def __repr__(self) -> str:
        return f"StylePlan({self.count} rows, stylized: [{self}])"
