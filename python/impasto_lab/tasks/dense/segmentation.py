"""Segmentation: the class of each pixel, by one of torchvision's networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from impasto.batch import Batch
from impasto.loading import label_maps
from impasto.sources import VOID
from impasto_lab.metrics import confusion, mean_iou
from impasto_lab.tasks.evaluating import evaluating

#: What a loader has to carry: ``Loader(fields=MAPS)``.
MAPS = ("segmentation",)


class SegmentationTask:
    """Trains a segmentation network with cross entropy, and tells its mean IoU on data that it has not seen.

    Args:
        model: From images [B, 3, H, W] to ``{"out": logits [B, classes, H, W]}``, as torchvision's are.
        classes: How many, the ground among them.
        held_out: By name, batches to evaluate on, whole images with ``MAPS``.
    """

    def __init__(
        self, model: nn.Module, *, classes: int, held_out: Mapping[str, Iterable[Batch]] | None = None
    ) -> None:
        self.model = model
        self.classes = classes
        self.held_out = held_out or {}

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch, with the share of pixels that are right (``accuracy``)."""
        logits = self.model(batch.images)["out"]  # [B, classes, H, W]
        truth = label_maps(batch).to(logits.device)  # [B, H, W]
        counted = truth != VOID
        right = (logits.argmax(dim=1) == truth) & counted
        loss = functional.cross_entropy(logits, truth, ignore_index=VOID)
        return {"loss": loss, "accuracy": right.sum() / counted.sum().clamp(min=1)}

    def after_step(self) -> None:
        """There is nothing to do."""

    def evaluate(self) -> dict[str, float]:
        """``mIoU source`` and so on, in per cent, for each name of the held-out data."""
        scores: dict[str, float] = {}
        for name, batches in self.held_out.items():
            table = np.zeros((self.classes, self.classes), np.int64)
            with evaluating(self.model) as device:
                for batch in batches:
                    found = self.model(batch.images.to(device))["out"].argmax(dim=1)
                    table += confusion(found.cpu().numpy(), label_maps(batch).numpy(), self.classes)
            scores[f"mIoU {name}"] = mean_iou(table)
        return scores
