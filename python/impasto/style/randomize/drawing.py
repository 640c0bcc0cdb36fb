"""How a plan of styles is drawn: rows, then strengths, then styles, from one stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.checks import require
from impasto.errors import RecipeError
from impasto.style.randomize.alpha import Alpha, draw_alpha
from impasto.style.randomize.plan import StylePlan
from impasto.style.randomize.ratio import choose

Rows = Tensor | Sequence[int] | Sequence[bool]


class Drawing:
    """A plan in the making.

    Args:
        key: What the stream depends on.
        count: Rows in the batch, B.
        size: Dimensions of an embedding, E.
    """

    def __init__(self, key: Sequence[int], count: int, size: int) -> None:
        require(count >= 0, f"{count} rows can't be drawn for")
        self.rng = np.random.default_rng(list(key))
        self.count = count
        self.size = size
        self.rows = torch.arange(count)
        self.alphas = torch.ones(count)

    def choose(self, rows: Rows | None, *, share: float) -> None:
        """Takes the rows that are given, or draws a share of the batch.

        Raises:
            RecipeError: If a row is not in the batch, or given twice.
        """
        if rows is None:
            self.rows = torch.from_numpy(choose(self.count, share, self.rng))
            return
        given = torch.as_tensor(rows, device="cpu")
        if given.dtype == torch.bool:
            require(given.shape == (self.count,), f"rows as bool must be [{self.count}], not {list(given.shape)}")
            given = given.nonzero().flatten()
        elif not given.numel():
            given = given.to(torch.int64)
        integral = not given.is_floating_point() and not given.is_complex()
        require(given.ndim == 1 and integral, f"rows must be numbers of rows [M] or bool [{self.count}]")
        inside = bool(((given >= 0) & (given < self.count)).all())
        require(inside, f"rows={given.tolist()} must lie in 0..{self.count - 1}")
        require(len(set(given.tolist())) == len(given), f"rows={given.tolist()} has a row twice")
        self.rows = given.to(torch.int64)

    def strengthen(self, alpha: Alpha | Tensor, *, shared: bool) -> None:
        """Draws strengths for the rows, or one for all of them.

        Raises:
            RecipeError: If alpha makes no sense.
        """
        if isinstance(alpha, Tensor) and alpha.ndim == 1 and len(alpha) == self.count != len(self.rows):
            alpha = alpha.cpu()[self.rows]
        alone = shared and not isinstance(alpha, Tensor)
        drawn = draw_alpha(alpha, 1 if alone else len(self.rows), self.rng)
        self.alphas = drawn.expand(len(self.rows))

    def style(self, embeddings: Tensor | None, distribution: Callable[[Tensor], Tensor], *, shared: bool) -> StylePlan:
        """Takes the styles that are given, or draws them.

        Args:
            embeddings: [E], [1, E], [M, E] or [B, E]; None draws.
            distribution: From standard normal noise [N, E] to embeddings [N, E].
            shared: Whether one is drawn for all rows.

        Raises:
            RecipeError: If there are more or fewer than rows, of another size, or no numbers.
        """
        chosen = len(self.rows)
        if embeddings is None:
            noise = self.rng.standard_normal((1 if shared else chosen, self.size), dtype=np.float32)
            embeddings = distribution(torch.from_numpy(noise))
        else:
            embeddings = self._given(embeddings)
        return StylePlan(self.count, self.rows, embeddings.expand(chosen, self.size), self.alphas)

    def _given(self, embeddings: Tensor) -> Tensor:
        shape = list(embeddings.shape)
        if not embeddings.is_floating_point():
            raise RecipeError(f"embeddings must be floating point, not {embeddings.dtype}")
        batch = embeddings if embeddings.ndim != 1 else embeddings[None]
        counts = sorted({1, len(self.rows), self.count})
        allowed = ", ".join(f"[{count}, {self.size}]" for count in counts)
        fits = batch.ndim == 2 and batch.shape[1] == self.size and len(batch) in counts
        require(fits, f"embeddings (or those of style images) are {shape}; here they may be [{self.size}], {allowed}")
        if embeddings.device.type == "cpu":
            require(bool(embeddings.isfinite().all()), "embeddings have values that are not finite")
        if len(batch) == self.count != len(self.rows) and len(batch) != 1:
            return batch[self.rows.to(batch.device)]
        return batch
