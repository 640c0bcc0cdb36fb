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
from impasto.style.randomize.batches import Views, as_given, count, layout_of, views_of
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

    Attributes:
        partnered: Whether an image takes something from another of the batch.

    Raises:
        RecipeError: If a value makes no sense.
    """

    partnered = True

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
            images: [B, 3, H, W], or one image [3, H, W] where it needs no other, floating point in [0, 1] or uint8; a
                list, tuple or mapping of views, whose rows are changed alike; or a loader's `Batch`, whatever it was
                normalised with, keyed by its id.
            plan: What to do, as `draw` gave it; drawn by default, with the arguments that follow.
            domains: As in `draw`, like all that follow.
            id: Likewise.
            generator: Likewise.

        Returns:
            New images of the same shape, dtype, device and memory format, or a new batch or mapping; as they came in
            evaluation mode.

        Raises:
            RecipeError: If images, or arguments, are not so, or one image comes alone where it needs another.
        """
        views = views_of(images)
        alone = any(view.ndim == 3 for view in views) and (self.training or self.in_eval)
        if alone and self.partnered:
            raise RecipeError(
                f"{type(self).__name__} takes from another image of the batch, and one image [3, H, W] has none; give "
                "a batch [B, 3, H, W]"
            )
        for view in views:
            check_range(view)
        rows = count(views[0])
        if plan is None:
            keyed = isinstance(images, Batch) and id is None and generator is None
            plan = self.draw(rows, domains=domains, id=images.id if keyed else id, generator=generator)  # type: ignore[union-attr]
        elif domains is not None or id is not None or generator is not None:
            raise RecipeError("a plan is drawn already; give domains, id or a generator to draw()")
        require(plan.count == rows, f"a plan for {plan.count} images, of which there are {rows}")
        if not len(plan.rows):
            return images
        changed = [self._follow(view, plan) for view in views]
        return as_given(images, changed, plan.rows)

    def _follow(self, images: Tensor, plan: P) -> Tensor:
        batch = images if images.ndim == 4 else images[None]
        changed = self._change(batch, plan).to(images.dtype)
        placed = torch.index_copy(batch, 0, plan.rows.to(batch.device), changed)
        placed = placed.contiguous(memory_format=layout_of(batch))
        return placed if images.ndim == 4 else placed[0]

    def extra_repr(self) -> str:
        """Ratio and seed."""
        return f"ratio={self.ratio!r}, seed={self.seed}"
