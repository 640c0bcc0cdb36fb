"""A bound on what may take for ever, such as compiling."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _OverTime(BaseException):
    """No `except Exception` on the way takes it for its own."""


class Patience:
    """Seconds that some calls may take together; what goes beyond is broken off.

    Args:
        seconds: How many.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.left = seconds

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Runs what follows in what is left; only the main thread can break off.

        Raises:
            TimeoutError: If nothing is left, or that wasn't enough.
        """
        message = f"it took longer than the {self.seconds:g} s there are for all of its kind"
        if self.left <= 0:
            raise TimeoutError(message)
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        start = time.monotonic()
        before = signal.signal(signal.SIGALRM, _break_off)
        signal.setitimer(signal.ITIMER_REAL, self.left)
        try:
            yield
        except _OverTime:
            raise TimeoutError(message) from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            self.left -= time.monotonic() - start


def _break_off(*_: object) -> None:
    raise _OverTime
