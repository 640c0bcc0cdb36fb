"""What gives batches, as those see it that take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import torch

from impasto.errors import TransformError


class Movable(Protocol):
    """What a batch has to be: `impasto.Batch` is one."""

    def __len__(self) -> int:
        """Its samples."""
        ...

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> Self:
        """The same on a device."""
        ...


if TYPE_CHECKING:
    from typing_extensions import TypeVar as DefaultedTypeVar

    from impasto.batch import Batch

    #: What a loader yields: a `Batch`, unless ``form=`` says another form.
    Yielded = DefaultedTypeVar("Yielded", covariant=True, default=Batch)
else:
    Yielded = TypeVar("Yielded", covariant=True)

Given = TypeVar("Given", bound=Movable, covariant=True)


class Batches(Protocol[Given]):
    """What the loop takes batches from: `impasto.Loader` is one."""

    def __iter__(self) -> Iterator[Given]:
        """The rest of the epoch."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Where it stands, after the last batch."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on after that batch."""
        ...


class NoStop:
    """Around what users bring: a StopIteration from there would end the epoch, as if all of its batches were given.

    It is no generator of contextlib's: that takes an error whose cause is a StopIteration for Python's own.

    Args:
        what: Whose it is.
        fail: Called first where it fails.

    Raises:
        TransformError: In place of a StopIteration.
    """

    def __init__(self, what: str, fail: Callable[[], None] = lambda: None) -> None:
        self._what, self._fail = what, fail

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            self._fail()
        if isinstance(error, StopIteration):
            reason = "raised StopIteration, which would end the epoch early; catch it there, or give next() a default"
            raise TransformError(f"{self._what} {reason}") from error
