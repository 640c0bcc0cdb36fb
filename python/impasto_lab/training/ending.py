"""The end of a run that somebody else wants, as a cluster does before it takes a machine back."""

from __future__ import annotations

import signal
import threading
from typing import Any, Self

from impasto_lab.training.distributed import anywhere


class Ending:
    """Holds SIGTERM back while the context lasts, so that the step can be finished and saved; then it takes its course.

    Python takes signals in its main thread alone: in another one nothing is held back.
    """

    def __init__(self) -> None:
        self._heard = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._hear)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
        if self._heard:
            signal.raise_signal(signal.SIGTERM)

    def asked(self) -> bool:
        """Whether any of the processes is to end; all of them ask, and end together."""
        self._heard = anywhere(self._heard)
        return self._heard

    def _hear(self, *_: object) -> None:
        self._heard = True
