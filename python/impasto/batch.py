"""What a loader yields, and what names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from impasto.checks import require
from impasto.plan import Plan

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class BatchId:
    """When a batch comes: what is drawn for it is keyed by this, not by how often somebody called.

    Attributes:
        epoch: The epoch whose random streams the batch is drawn from.
        step: The batch's number in its epoch, counted over all ranks.
        number: The batch's number in the run, where each epoch counts as many as its samples fill, whatever the number
            of ranks; the step where none is given.
    """

    epoch: int = 0
    step: int = 0
    number: int = -1

    def __post_init__(self) -> None:
        if self.number < 0:
            object.__setattr__(self, "number", self.step)


class BatchKey(list[int]):
    """The samples of one batch, in order, and when it comes.

    A list, so that anything that takes a batch sampler's lists (DataLoader, Lightning, Accelerate) takes it too.

    Attributes:
        id: The epoch, the step and the number of the batch.
    """

    def __init__(self, samples: Iterable[int] = (), *, id: BatchId = BatchId()) -> None:
        super().__init__(samples)
        require(isinstance(id, BatchId), f"id={id!r} must be a BatchId")
        self.id = id

    def __repr__(self) -> str:
        return f"BatchKey({len(self)} samples, epoch={self.id.epoch}, step={self.id.step})"


@dataclass(frozen=True)
class Replaced:
    """A broken sample and what stands in its place.

    Attributes:
        row: The row of the batch.
        key: The broken sample's key.
        path: Where it lies.
        error: The name of the exception.
        reason: What is wrong with it.
        substitute: The key of the sample that took its place.
    """

    row: int
    key: str | None
    path: str | None
    error: str
    reason: str
    substitute: str


@dataclass(frozen=True, eq=False)
class Batch:
    """B samples, ready for a model.

    Attributes:
        images: [B, 3, H, W] (or [B, H, W, 3]) in the recipe's dtype.
        input_ids: [B, L] int64, or None without a tokenizer.
        attention_mask: [B, L] int64, 1 at tokens and 0 at padding, or None without a tokenizer.
        captions: B strings after mixing, or None without a text recipe.
        labels: [B] int64, or None when the source has none; a mixed row keeps its own.
        keys: B keys of the samples, in order.
        plan: What was drawn.
        lost: [B] int32: tokens of each caption that did not fit, or None without a tokenizer.
        id: When the batch comes: epoch, step and number.
        samples: [B] int64: the samples' numbers in the data set, after replacement.
        replaced: The broken samples, under ``on_error="replace"``.
        truncated: Keys of the samples whose JPEGs end early and are partly gray, under ``truncated="keep"``.
    """

    images: torch.Tensor
    input_ids: torch.Tensor | None
    attention_mask: torch.Tensor | None
    captions: list[str] | None
    labels: torch.Tensor | None
    keys: list[str]
    plan: Plan
    lost: torch.Tensor | None
    id: BatchId
    samples: torch.Tensor
    replaced: tuple[Replaced, ...] = ()
    truncated: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)

    def _tensors(self) -> dict[str, torch.Tensor]:
        names = ("images", "input_ids", "attention_mask", "labels", "lost", "samples")
        return {name: tensor for name in names if (tensor := getattr(self, name)) is not None}

    def pin_memory(self, device: torch.device | str | None = None) -> Batch:
        """Copies the tensors to page-locked memory, as a DataLoader with ``pin_memory=True`` asks."""
        del device
        pinned: dict[str, Any] = {name: tensor.pin_memory() for name, tensor in self._tensors().items()}
        return replace(self, **pinned)

    def to(
        self,
        device: torch.device | str | int | torch.dtype | None = None,
        dtype: torch.dtype | None = None,
        *,
        non_blocking: bool = False,
    ) -> Batch:
        """Moves the tensors to a device, the images to a dtype.

        Args:
            device: Where to; None stays. A dtype in its place is taken for ``dtype``, as `torch.Tensor.to` does.
            dtype: Floating point, of the images where they are floating point (uint8 stays what it is); ids, masks and
                labels keep theirs.
            non_blocking: As in `torch.Tensor.to`.

        Raises:
            RecipeError: If the dtype is not floating point.
        """
        import torch

        if isinstance(device, torch.dtype):
            device, dtype = None, device
        require(dtype is None or dtype.is_floating_point, f"a batch has floating-point images or uint8, no {dtype}")
        moved: dict[str, Any] = {
            name: tensor.to(device, non_blocking=non_blocking) for name, tensor in self._tensors().items()
        }
        if self.images.is_floating_point():
            moved["images"] = moved["images"].to(dtype)
        return replace(self, **moved)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}={list(tensor.shape)}" for name, tensor in self._tensors().items())
        counts = f"mixed={int(self.plan.mixed.sum())}, replaced={len(self.replaced)}"
        return f"Batch(epoch={self.id.epoch}, step={self.id.step}, {shapes}, {counts})"
