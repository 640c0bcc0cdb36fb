"""Somebody who says so when a wait takes long, and what for."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from types import TracebackType

from impasto.loading.running.loans import when_let_go
from impasto.messages import logger

_REMEDY = "storage that hangs, a file that never ends, or too few workers; loader.stats() says where time goes"


class Watch:
    """Around a wait: logs what is waited for after some seconds, and again after twice as many, and so on.

    It is told on every rank, as one that hangs holds up all, and by a thread that ends with the watch.

    Args:
        patience: Seconds before it is told; None never tells.
        describe: Says what is waited for; it may not wait itself.
    """

    def __init__(self, patience: float | None, describe: Callable[[], str]) -> None:
        self.patience, self._describe = patience, describe
        self._further: Callable[[], str] | None = None
        self._since: float | None = None
        self._thread: threading.Thread | None = None

    def also(self, describe: Callable[[], str]) -> None:
        """Tells of something else that may be waited for, where there is anything of it to tell."""
        self._further = describe

    def __enter__(self) -> None:
        self._since = time.monotonic()
        if self._thread is None and self.patience is not None:
            # A method would keep the watch alive as long as its thread.
            end = threading.Lock()
            end.acquire()
            when_let_go(self, partial(end.release))
            which = (weakref.ref(self), self.patience, end)
            self._thread = threading.Thread(target=_look, args=which, name="impasto-watch", daemon=True)
            self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._since = None

    def look(self, told: float) -> float:
        """Tells once if the wait is longer than ``told``; returns the seconds after which it is told again."""
        since, patience = self._since, self.patience
        if since is None or patience is None:
            return patience or 0.0
        seconds = time.monotonic() - since
        if seconds < told:
            return told
        what, further = self._describe(), "" if self._further is None else self._further()
        what += f"; shards are being copied: {further}" if further else ""
        logger.warning("no batch for %.0f s: %s. Perhaps %s", seconds, what, _REMEDY, extra={"every_rank": True})
        return max(2 * told, seconds)


def _look(watch: weakref.ref[Watch], patience: float, end: threading.Lock) -> None:
    told = patience
    while not end.acquire(timeout=min(1.0, patience / 4)):
        looked_at = watch()
        if looked_at is None:
            return
        told = looked_at.look(told)
        del looked_at
