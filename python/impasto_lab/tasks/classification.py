"""Naming images: a network is trained on labels and scored on held-out sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.batch import Batch, BatchId
from impasto.checks import require
from impasto.errors import RecipeError
from impasto.loading import Loader, Transform
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import Source

#: Images scored at a time.
_AT_ONCE = 250


@dataclass(frozen=True)
class Labeled:
    """Held-out images with their classes.

    Attributes:
        images: [N, 3, H, W], normalised.
        labels: [N] int64.
    """

    images: Tensor
    labels: Tensor

    @classmethod
    def of(cls, data: Source, image: ImageRecipe, *, transform: Transform | None = None) -> Labeled:
        """All images of a source, as a recipe for training has them, but whole and unchanged.

        Args:
            data: The source.
            image: Its size and normalization are kept.
            transform: Done to each image of that size, with a random stream of its own.

        Raises:
            RecipeError: If the source has no labels.
        """
        whole = ImageRecipe(size=image.size, crop="none", normalize=image.normalize)
        recipe = Recipe(image=whole, text=None)
        loader = Loader(data, recipe, batch_size=_AT_ONCE, shuffle=False, drop_last=False, transform=transform)
        images, labels = [], []
        for batch in loader:
            images.append(batch.images)
            labels.append(labels_of(batch))
        return cls(torch.cat(images), torch.cat(labels))

    def __len__(self) -> int:
        return len(self.labels)

    def spread(self, count: int) -> Labeled:
        """So many of them, evenly spaced; all, if there are fewer."""
        rows = torch.arange(min(count, len(self))) * len(self) // max(min(count, len(self)), 1)
        return Labeled(self.images[rows], self.labels[rows])

    @torch.no_grad()
    def named(self, model: nn.Module) -> Tensor:
        """What a model calls them, [N] int64 on the CPU; the model is left in the mode it was in."""
        mode, device = model.training, next(model.parameters()).device
        model.eval()
        found = [model(part.to(device)).argmax(dim=1).cpu() for part in torch.split(self.images, _AT_ONCE)]
        model.train(mode)
        return torch.cat(found)

    @torch.no_grad()
    def features(self, model: nn.Module) -> Tensor:
        """What a model's last linear layer is given of them, [N, D] float32 on the CPU.

        Raises:
            RecipeError: If it has no linear layer.
        """
        layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
        require(bool(layers), f"{type(model).__name__} has no linear layer, whose input would be its features")
        given: list[Tensor] = []
        handle = layers[-1].register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].float().cpu()))
        try:
            self.named(model)
        finally:
            handle.remove()
        return torch.cat(given)

    def accuracy(self, model: nn.Module) -> float:
        """The share that a model names right, in per cent."""
        return 100 * float((self.named(model) == self.labels).float().mean())


class ClassificationTask:
    """Trains a network to name images, with cross entropy.

    Args:
        model: From images [B, 3, H, W] to scores [B, C]; or, in training, to a pair of such scores, of which the second
            is an auxiliary head's (InceptionV3) and counts 0.4.
        held_out: What it is scored on, by name.
        change: Done to each batch before the network sees it, such as a `impasto.style.PixMix`.
        within: Around each step, given the batch's id, such as `impasto.style.MixStyle.at`.
    """

    def __init__(
        self,
        model: nn.Module,
        held_out: Mapping[str, Labeled] | None = None,
        *,
        change: Callable[[Batch], Batch] | None = None,
        within: Callable[[BatchId], AbstractContextManager[None]] | None = None,
    ) -> None:
        self.model = model
        self.held_out = dict(held_out or {})
        self.change = change
        self.within = within

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The loss of a batch, and the share that is named right (``accuracy``).

        Raises:
            RecipeError: If the batch has no labels.
        """
        changed = self.change(batch) if self.change else batch
        around = self.within(batch.id) if self.within else nullcontext()
        with around:
            scores = self.model(changed.images)
        labels = labels_of(batch).to(changed.images.device)
        scores, auxiliary = (scores[0], scores[1]) if isinstance(scores, tuple) else (scores, None)
        loss = functional.cross_entropy(scores, labels)
        if auxiliary is not None:
            loss = loss + 0.4 * functional.cross_entropy(auxiliary, labels)
        return {"loss": loss, "accuracy": (scores.argmax(dim=1) == labels).float().mean()}

    def after_step(self) -> None:
        """Nothing is left to do."""

    def evaluate(self) -> dict[str, float]:
        """Accuracy on each held-out set, in per cent."""
        return {name: held.accuracy(self.model) for name, held in self.held_out.items()}


def labels_of(batch: Batch) -> Tensor:
    """A batch's labels, [B] int64.

    Raises:
        RecipeError: If it has none.
    """
    labels = batch.labels
    if not isinstance(labels, Tensor):
        raise RecipeError("the batch has no labels; its source must have classes, such as impasto.sources.Stl10")
    require(bool((labels >= 0).all()), "a sample has no label; leave unlabeled rows out")
    return labels
