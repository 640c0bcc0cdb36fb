"""Sentences judged by a head with classes: what entailment and pairs of images share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.batch import Batch
from impasto.checks import require
from impasto.errors import ImpastoError, SourceError
from impasto.loading import PairedBatch
from impasto.sources import Source
from impasto_lab.models.heads import FusionClassifier, ViltClassifier, new_head
from impasto_lab.tasks.classification import labels_of
from impasto_lab.tasks.downstream.batches import evaluation_batches
from impasto_lab.tasks.downstream.opened import Opened
from impasto_lab.tasks.downstream.settings import TuneSettings
from impasto_lab.tasks.downstream.task import Figures, Judging
from impasto_lab.tasks.evaluating import evaluating
from impasto_lab.tasks.pretrain.vocabulary import captions_of
from impasto_lab.tasks.tokens import tokens


def with_head(
    opened: Opened, task: str, data: Source, settings: TuneSettings, judging: Judging, *, classes: int, images: int
) -> Opened:
    """A checkpoint with a new head that judges sentences, and with rows for the data's words.

    Raises:
        SourceError: If a row has no label, or one that is no class.
    """
    require_labels(data, classes)
    sized = opened.at_size(image_size=settings.image_size)
    text = sized.recipe(length=settings.length).text
    assert text is not None
    known = sized.knowing(captions_of(data), text, seed=settings.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        head = new_head(task, known.kind, known.base, {"classes": classes, "images": images}, known.path)
    return known.tuned(task, head.to(judging.device))


def require_labels(data: Source, classes: int) -> None:
    """Requires that every row that can be read has a class; a bad row is its own error, when it is read.

    Raises:
        SourceError: If one has none, or a number that is none.
    """
    for row in range(len(data)):
        try:
            index, at = data.find(row)
            wrong = index.fault(at) is None and not 0 <= (-1 if (label := index.label(at)) is None else label) < classes
        except ImpastoError:
            continue
        if wrong:
            reason = (
                f"its label is {index.label(at)}, and there are classes 0 to {classes - 1}; give the task's own data"
            )
            raise SourceError(reason, key=data.key(row))


class Classing:
    """Trains a head on the classes of sentences about one image, or about the two of a `PairedBatch`.

    Args:
        opened: The model with its head.
        judge: Gives the figures of held-out data, or None.
        alpha: The weight of ALBEF's and TCL's teacher.
        ramp: Batches over which it grows from 0.
    """

    def __init__(
        self, opened: Opened, judge: Callable[[], Figures] | None, *, alpha: float = 0.4, ramp: int = 0
    ) -> None:
        self._opened, self._judge, self.alpha, self.ramp = opened, judge, alpha, ramp

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        return self._opened.whole

    def step(self, batch: Batch | PairedBatch) -> Mapping[str, Tensor]:
        """The loss of a batch, and the share that is judged right (``accuracy``).

        Raises:
            RecipeError: If it has no labels, or pairs are not of one statement each.
        """
        images, first = images_of(batch)
        labels = labels_of(first).to(first.images.device)
        head, given = self.model, tokens(first)
        if isinstance(head, FusionClassifier):
            alpha = self.alpha * min(1.0, first.id.number / self.ramp) if self.ramp else self.alpha
            loss, logits = head.loss(images, *given, labels, alpha=alpha)
        else:
            assert isinstance(head, ViltClassifier)
            logits = head(images, *given)
            loss = functional.cross_entropy(logits, labels)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == labels).float().mean()}

    def after_step(self) -> None:
        """The teachers follow."""
        if isinstance(self.model, FusionClassifier):
            self.model.follow()

    def evaluate(self) -> dict[str, float]:
        """The figures on the held-out data."""
        return self._judge() if self._judge else {}


def images_of(batch: Batch | PairedBatch) -> tuple[tuple[Tensor, ...], Batch]:
    """The images of a batch, one tensor or two, and the batch that has the sentences.

    Raises:
        RecipeError: If the two are not of the same samples.
    """
    if not isinstance(batch, PairedBatch):
        return (batch.images,), batch
    same = torch.equal(batch.first.samples, batch.second.samples)
    require(same, "the two images of a pair come from different statements; give both loaders the same seed")
    return (batch.first.images, batch.second.images), batch.first


def classes_of(
    opened: Opened, data: Source, judging: Judging, *, right: Source | None = None
) -> tuple[list[int], list[int]]:
    """What a model says of each row, and what is right.

    Args:
        opened: With its head.
        data: Sentences with images.
        judging: How.
        right: The second images, row by row.

    Returns:
        Classes predicted, and labels.

    Raises:
        RecipeError: If the data has no labels.
    """
    recipe = opened.recipe()
    loader = evaluation_batches(opened, data, recipe, judging)
    others: Iterator[Any] = repeat(None, len(loader))
    if right is not None:
        others = iter(evaluation_batches(opened, right, recipe, judging))
    predicted: list[int] = []
    labels: list[int] = []
    with evaluating(opened.whole) as device:
        for number, (batch, other) in enumerate(zip(loader, others, strict=True), 1):
            images, first = images_of(batch if other is None else PairedBatch(batch, other))
            input_ids, mask = (part.to(device) for part in tokens(first))
            logits = opened.whole(tuple(shown.to(device) for shown in images), input_ids, mask)
            predicted += logits.argmax(dim=1).tolist()
            labels += labels_of(first).tolist()
            judging.progress(number, len(loader))
    return predicted, labels
