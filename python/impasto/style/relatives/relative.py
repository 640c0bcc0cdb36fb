"""What the relatives that change pictures share: modes, keys, views and batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from impasto.batch import Batch, BatchId
from impasto.checks import at_least, flag, require
from impasto.errors import RecipeError
from impasto.style.randomize.batches import Views, as_given, views_of
from impasto.style.randomize.check_images import check_range
from impasto.style.randomize.draw import Ratio, share
from impasto.style.randomize.keyed import Keyed


class Drawn(Protocol):
    """What was drawn for a batch."""

    @property
    def count(self) -> int:
        """Rows in the batch."""

    @property
    def rows(self) -> Tensor:
        """[M] int64, on the CPU: the rows that are changed."""


P = TypeVar("P", bound=Drawn)
Domains = Tensor | Sequence[int]


class Relative(Keyed, Generic[P]):
    """A relative of `StyleRandomizer` that is called as it is, on images, views or a loader's `Batch`.

    Args:
        ratio: Unaugmented to augmented images, such as ``"2:1"``, or the augmented share.
        seed: Key of the plans.
        in_eval: Whether it stays on in evaluation mode.

    Raises:
        RecipeError: If a value makes no sense.
    """

    def __init__(self, *, ratio: Ratio, seed: int, in_eval: bool) -> None:
        super().__init__(seed)
        flag("in_eval", in_eval)
        self.ratio = ratio
        self.share = share(ratio)
        self.in_eval = in_eval

    @abstractmethod
    def _draw(self, rng: np.random.Generator, count: int, share: float, domains: Domains | None) -> P: ...

    @abstractmethod
    def _change(self, images: Tensor, plan: P) -> Tensor:
        """The plan's rows of images [B, 3, H, W], changed: [M, 3, H, W] of the same dtype."""

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def draw(
        self,
        count: int,
        *,
        domains: Domains | None = None,
        id: BatchId | None = None,
        generator: torch.Generator | None = None,
    ) -> P:
        """Draws for a batch.

        Args:
            count: Rows in the batch, B.
            domains: [B] whole numbers: where rows take something from each other, partners come from another domain.
            id: When the batch comes, as `Batch.id` says; what is drawn depends on it and the seed, not on calls.
            generator: Draws instead of the module's own seed.

        Raises:
            RecipeError: If an argument makes no sense.
        """
        at_least(0, count=count)
        on = self.training or self.in_eval
        rng = self._stream(id, generator) if on else np.random.default_rng(0)
        return self._draw(rng, count, self.share if on else 0.0, domains)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(
        self,
        images: Views | Batch,
        plan: P | None = None,
        *,
        domains: Domains | None = None,
        id: BatchId | None = None,
        generator: torch.Generator | None = None,
    ) -> Any:
        """Changes images.

        Args:
            images: [B, 3, H, W], floating point in [0, 1] or uint8; a list or tuple of views, whose rows are changed
                alike; or a loader's `Batch`, whatever it was normalised with, keyed by its id.
            plan: What to do, as `draw` gave it; drawn by default, with the arguments that follow.
            domains: As in `draw`, like all that follow.
            id: Likewise.
            generator: Likewise.

        Returns:
            New images of the same shape, dtype and device, or a new batch; as they came in evaluation mode.

        Raises:
            RecipeError: If images, or arguments, are not so.
        """
        views = views_of(images)
        for view in views:
            require(view.ndim == 4, f"images must be a batch [B, 3, H, W], not {list(view.shape)}")
            check_range(view)
        count = len(views[0])
        if plan is None:
            keyed = isinstance(images, Batch) and id is None and generator is None
            plan = self.draw(count, domains=domains, id=images.id if keyed else id, generator=generator)  # type: ignore[union-attr]
        elif domains is not None or id is not None or generator is not None:
            raise RecipeError("a plan is drawn already; give domains, id or a generator to draw()")
        require(plan.count == count, f"a plan for {plan.count} images, of which there are {count}")
        if not len(plan.rows):
            return images
        changed = [_placed(view, plan.rows, self._change(view, plan)) for view in views]
        return as_given(images, changed, plan.rows)

    def extra_repr(self) -> str:
        """Ratio and seed."""
        return f"ratio={self.ratio!r}, seed={self.seed}"


def _placed(images: Tensor, rows: Tensor, changed: Tensor) -> Tensor:
    return images.index_copy(0, rows.to(images.device), changed.to(images.dtype))
