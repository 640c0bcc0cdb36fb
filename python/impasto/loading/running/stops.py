"""Code of users inside loops over batches: what would end the loop is an error instead."""

from __future__ import annotations

import os
from collections.abc import Callable

from impasto.checks import require
from impasto.errors import TransformError


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


def require_own(process: int) -> None:
    """Requires that an iterator is used by the process that began it: its threads are in no other.

    Args:
        process: The one that began it.

    Raises:
        RecipeError: If a child goes on with it, which would wait forever.
    """
    here = os.getpid()
    reason = f"process {process} began this iterator, and process {here} can't go on with it; call iter(loader) here"
    require(process == here, reason)
