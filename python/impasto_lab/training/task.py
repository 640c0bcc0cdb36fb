"""What the loop asks of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from torch import Tensor, nn

from impasto.loading import Movable

BatchT = TypeVar("BatchT", bound=Movable)
Taken = TypeVar("Taken", bound=Movable, contravariant=True)


class Task(Protocol[Taken]):
    """Where data, model and loss meet. A task may be trained, evaluated, or both."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""
        ...

    def step(self, batch: Taken) -> Mapping[str, Tensor]:
        """The loss of a batch, on the model's device.

        Returns:
            ``"loss"``, a scalar to go down on, and whatever else is worth logging, as scalars.
        """
        ...

    def after_step(self) -> None:
        """Called when the weights have changed."""
        ...

    def evaluate(self) -> dict[str, float]:
        """Scores of the model as it is, by name."""
        ...
