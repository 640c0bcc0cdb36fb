"""Steps that batches feed: a CLIP's, a classifier's, one of fixed time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn
from torchvision.models import get_model

from impasto.mixgen import clip_loss
from impasto_lab.bench.work import Pairs
from impasto_lab.models import Clip, ClipSettings
from impasto_lab.training.optimizer import adamw

#: Classes of a classifier, as many as ImageNet's.
CLASSES = 1000


class Step(Protocol):
    """What a batch feeds."""

    @property
    def parameters(self) -> int:
        """How many the model has."""
        ...

    def __call__(self, batch: Pairs) -> Tensor | None:
        """Changes the weights by one batch on the step's device, and gives its loss without waiting for it."""
        ...


class ClipStep:
    """A step of a CLIP whose table of words may have no rows but those that the captions need.

    Its step is the shortest of the four models': whatever feeds it takes a smaller share of the others'.

    Args:
        settings: Its size; ``vocabulary`` is the number of ``ids``.
        ids: All ids that may come, ascending.
        seed: Of its weights.
        device: Where it is trained; on a GPU in bfloat16.
    """

    def __init__(self, settings: ClipSettings, ids: Tensor, *, seed: int, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._model = Clip(settings).to(self._device)
        self._ids = ids.to(self._device)
        self._optimizer = adamw(self._model, lr=1e-4, weight_decay=0.1)

    @property
    def parameters(self) -> int:
        """How many the model has."""
        return _count(self._model)

    def __call__(self, batch: Pairs) -> Tensor:
        """See `Step`."""
        assert batch.input_ids is not None
        rows = torch.searchsorted(self._ids, batch.input_ids)  # [B, L]
        # The end of a caption is the largest of its ids, the first that is.
        length = batch.input_ids.argmax(dim=1, keepdim=True)
        mask = (torch.arange(rows.shape[1], device=rows.device) <= length).long()
        with _half(self._device):
            images, texts, scale = self._model(batch.images, rows, mask)
            loss = clip_loss(images, texts, scale)
        return _changed(self._optimizer, loss)


class ClassifierStep:
    """A step of one of torchvision's classifiers, with labels of their own.

    Args:
        name: ``"resnet18"`` or ``"vit-b-16"``.
        side: Of the images, in pixels.
        seed: Of its weights.
        device: Where it is trained; on a GPU in bfloat16, convolutions with their channels last.
    """

    def __init__(self, name: str, *, side: int, seed: int, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        vit = name.startswith("vit")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sides = {"image_size": side} if vit else {}
            model: nn.Module = get_model(name.replace("-", "_"), num_classes=CLASSES, **sides)
        last = self._device.type == "cuda" and not vit
        self._format = torch.channels_last if last else torch.contiguous_format
        self._model = model.to(self._device).to(memory_format=self._format)
        # What each is trained with in the papers.
        self._optimizer: torch.optim.Optimizer
        if vit:
            self._optimizer = adamw(model, lr=1e-4, weight_decay=0.1)
        else:
            self._optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

    @property
    def parameters(self) -> int:
        """How many the model has."""
        return _count(self._model)

    def __call__(self, batch: Pairs) -> Tensor:
        """See `Step`."""
        images = batch.images.contiguous(memory_format=self._format)
        labels = torch.arange(len(images), device=images.device) % CLASSES
        with _half(self._device):
            loss = nn.functional.cross_entropy(self._model(images), labels)
        return _changed(self._optimizer, loss)


class Paced:
    """A step of fixed time, during which the core is free.

    Args:
        seconds: How long.
    """

    #: There is no model.
    parameters = 0

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, batch: Pairs) -> None:
        """Waits."""
        del batch
        time.sleep(self._seconds)


class Stepping:
    """A loader whose batches are trained on: iterating is an epoch of steps.

    Args:
        batches: What is trained on.
        step: Trains on one.

    Attributes:
        waited: For each epoch the share of its time that went into getting batches.
    """

    def __init__(self, batches: Iterable[Pairs], step: Step) -> None:
        self._batches, self._step = batches, step
        self.waited: list[float] = []

    def __iter__(self) -> Iterator[Pairs]:
        """Yields each batch when the step is done."""
        began, waited, asked = time.perf_counter(), 0.0, time.perf_counter()
        for batch in self._batches:
            waited += time.perf_counter() - asked
            self._step(batch)
            yield batch
            asked = time.perf_counter()
        self.waited.append(waited / (time.perf_counter() - began))


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _half(device: torch.device) -> AbstractContextManager[object]:
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()


def _changed(optimizer: torch.optim.Optimizer, loss: Tensor) -> Tensor:
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach()
