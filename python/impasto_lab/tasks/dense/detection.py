"""Detection: a detector of ours, or one of torchvision's, trained on targets that follow the loader's crops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from impasto.batch import Batch
from impasto.loading import targets
from impasto_lab.metrics import Found, Truth, average_precision
from impasto_lab.tasks.evaluating import evaluating

#: What a loader has to carry: ``Loader(fields=FIELDS)``.
FIELDS = ("boxes", "categories", "crowd")
#: The same of VOC, whose difficult things are treated as crowds: neither trained on nor missed.
VOC_FIELDS = ("boxes", "categories", "difficult")


class DetectionTask:
    """Trains a detector, and tells its average precision on data that it has not seen.

    Args:
        model: Gives losses of images and targets in training, and boxes otherwise, as torchvision's detectors do.
        held_out: By name, batches to evaluate on, whole images with ``FIELDS`` or ``VOC_FIELDS``.
        visible: The smallest share of a box that a crop must leave; what has less is no target.
    """

    def __init__(
        self, model: nn.Module, held_out: Mapping[str, Iterable[Batch]] | None = None, *, visible: float = 0.25
    ) -> None:
        self.model = model
        self.held_out = held_out or {}
        self.visible = visible

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The sum of the model's losses, and each of them; crowds are no targets."""
        losses = self.model(batch.images, [_without_crowds(one) for one in targets(batch, visible=self.visible)])
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}

    def after_step(self) -> None:
        """There is nothing to do."""

    def evaluate(self) -> dict[str, float]:
        """``mAP source``, ``AP50 source`` and so on, in per cent, for each name of the held-out data."""
        scores: dict[str, float] = {}
        for name, batches in self.held_out.items():
            found, truth = [], []
            with evaluating(self.model) as device:
                for batch in batches:
                    answers = self.model(batch.images.to(device))
                    found += [Found(*(one[key].cpu().numpy() for key in Found._fields)) for one in answers]
                    known = targets(batch, visible=0.0)
                    truth += [Truth(one["boxes"].numpy(), one["labels"].numpy(), _apart(one).numpy()) for one in known]
            counted = average_precision(found, truth)
            scores |= {f"{metric} {name}": counted[metric] for metric in ("mAP", "AP50")}
        return scores


def _without_crowds(target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    single = ~_apart(target)
    return {name: target[name][single] for name in ("boxes", "labels")}


def _apart(target: Mapping[str, Tensor]) -> Tensor:
    """Which things are neither trained on nor counted as missed, bool [M]."""
    flags = target.get("iscrowd", target.get("difficult"))
    return torch.zeros(len(target["labels"]), dtype=torch.bool) if flags is None else flags.bool()
