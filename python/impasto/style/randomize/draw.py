"""How the styles of a batch are drawn (rows, then strengths, then styles, from one stream), and the plan it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto.checks import is_number, require
from impasto.errors import RecipeError
from impasto.style.randomize.strength import Alpha, draw_alpha

Rows = Tensor | Sequence[int] | Sequence[bool]
#: ``"2:1"``, ``(2, 1)``, or the augmented share, 1 / 3.
Ratio = str | float | tuple[float, float]


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


def share(ratio: Ratio) -> float:
    """The share of a batch that is augmented.

    Args:
        ratio: Unaugmented to augmented images: ``"2:1"`` or ``(2, 1)``; or the augmented share itself, in [0, 1].

    Raises:
        RecipeError: If it is none of these.

    Examples:
        >>> share("16:1"), share((1, 3)), share("0:1"), share(0.25)
        (0.058823529411764705, 0.75, 1.0, 0.25)
    """
    hint = f"ratio={ratio!r} must be unaugmented:augmented, such as '2:1' or (2, 1), or the augmented share in [0, 1]"
    if is_number(ratio):
        value = float(ratio)  # type: ignore[arg-type]
        require(0 <= value <= 1, hint)
        return value
    parts = ratio.split(":") if isinstance(ratio, str) else ratio
    require(isinstance(parts, list | tuple) and len(parts) == 2, hint)
    try:
        plain, augmented = (float(part) for part in parts)  # type: ignore[union-attr]
    except (TypeError, ValueError):
        plain = augmented = -1.0
    require(plain >= 0 and augmented >= 0 and 0 < plain + augmented < float("inf"), hint)
    return augmented / (plain + augmented)


def choose(count: int, share: float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draws rows of a batch, each with the same probability.

    Args:
        count: Rows in the batch, B.
        share: The share to choose.
        rng: Draws them.

    Returns:
        [M] int64, ascending; M is ``B * share`` rounded up or down at random, so that its mean is ``B * share``.
    """
    wanted = count * share
    chosen = int(wanted) + int(rng.random() < wanted - int(wanted))
    if chosen >= count:
        return np.arange(count)
    return np.sort(rng.permutation(count)[:chosen])


class Drawing:
    """A plan in the making.

    Args:
        rng: Where all of it comes from.
        count: Rows in the batch, B.
        size: Dimensions of an embedding, E.
    """

    def __init__(self, rng: np.random.Generator, count: int, size: int) -> None:
        require(count >= 0, f"{count} rows can't be drawn for")
        self.rng = rng
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

    def style(
        self, embeddings: Tensor | None, distribution: Callable[[Tensor], Tensor], *, noise: int, shared: bool
    ) -> StylePlan:
        """Takes the styles that are given, or draws them.

        Args:
            embeddings: [E], [1, E], [M, E] or [B, E]; None draws.
            distribution: From standard normal noise [N, D] to embeddings [N, E].
            noise: D, the numbers that an embedding is drawn from.
            shared: Whether one is drawn for all rows.

        Raises:
            RecipeError: If there are more or fewer than rows, of another size, or no numbers.
        """
        chosen = len(self.rows)
        if embeddings is None:
            drawn = self.rng.standard_normal((1 if shared else chosen, noise), dtype=np.float32)
            embeddings = distribution(torch.from_numpy(drawn))
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
