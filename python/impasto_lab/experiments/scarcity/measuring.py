"""What a model finds again: of all, by number of things, and by ground."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from impasto.batch import Batch
from impasto_lab.experiments.scarcity.data import Part
from impasto_lab.metrics import Retrieval, retrieval
from impasto_lab.metrics.retrieving import CUTS
from impasto_lab.tasks import HeldOut
from impasto_lab.training import Task

#: [N, M] how well images and captions go together.
Scores = Callable[[HeldOut], Tensor]


class Measured:
    """A task whose evaluation is the sum of recalls of each part.

    Args:
        task: What is trained.
        parts: What is held out, by name.
        scores: How the model judges it.
    """

    def __init__(self, task: Task[Batch], parts: Mapping[str, Part], scores: Scores) -> None:
        self.task, self.parts, self.scores = task, parts, scores
        self._found: dict[str, Retrieval] = {}

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        return self.task.model

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """The task's step."""
        return self.task.step(batch)

    def after_step(self) -> None:
        """What the task does after one."""
        self.task.after_step()

    def evaluate(self) -> dict[str, float]:
        """RSUM by part."""
        self._found = {
            name: retrieval(self.scores(part.held).numpy(), part.held.image_of.numpy())
            for name, part in self.parts.items()
        }
        return {name: found.rsum for name, found in self._found.items()}

    def details(self) -> dict[str, float]:
        """RSUM by part, of all images, of those with so many things, and of those on one kind of ground.

        All are searched among all images and captions of the part, as the last evaluation found them.
        """
        if not self._found:
            self.evaluate()
        details: dict[str, float] = {}
        for name, part in self.parts.items():
            found = self._found[name]
            details[f"RSUM {name}"] = found.rsum
            things, plain = np.array(part.things), np.array(part.plain)
            groups = {f"{count} thing{'s' * (count > 1)}": things == count for count in sorted(set(part.things))}
            groups |= {"plain ground": plain, "textured ground": ~plain}
            owners = part.held.image_of.numpy()
            for group, rows in groups.items():
                if rows.any():
                    details[f"RSUM {name}, {group}"] = rsum_of(found, rows, owners)
        return details


def rsum_of(found: Retrieval, rows: npt.NDArray[np.bool_], owners: npt.NDArray[np.integer]) -> float:
    """The sum of recalls of some images and their captions, searched among all.

    Args:
        found: All ranks.
        rows: [N] bool, which images.
        owners: [M] the row of each caption's image.
    """
    ranks = (found.text_ranks[rows], found.image_ranks[rows[owners]])
    return sum(100 * float((some < cut).mean()) for some in ranks for cut in CUTS)
