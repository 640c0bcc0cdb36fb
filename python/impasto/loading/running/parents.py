"""A worker process and its parent: a Ctrl-C is not lost while it begins, and it ends with who it works for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from impasto.checks import require

_EVERY_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: The process that watches: a child that is forked from it doesn't.
_watching: int | None = None
#: The handlers of signals that wait, while they do.
_waiting: dict[signal.Signals, Callable[[int, FrameType | None], Any]] = {}


def end_with_parent() -> None:
    """Ends this process soon after its parent has; further calls change nothing.

    torch's workers ask after their parent, too, but then wait until what they had sent is taken. That never happens:
    each worker has a reading end of the pipe, so a batch that doesn't fit into it holds all of them forever.
    """
    global _watching
    if _watching == os.getpid():
        return
    _watching = os.getpid()
    threading.Thread(target=_watch, args=(os.getppid(),), name="impasto-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY_SECONDS)
    # Nobody is left who could take what exit handlers wait for.
    os._exit(1)


@contextmanager
def interrupts_afterwards() -> Iterator[None]:
    """Runs handlers of Ctrl-C and SIGTERM after what is done inside, which forks processes.

    A handler may run in what modules such as ``logging`` have registered for the moment of a fork. Python prints what
    is raised there, and goes on as if nothing had come. Only the main thread runs handlers.
    """
    if threading.current_thread() is not threading.main_thread() or _waiting:
        yield
        return
    came: list[int] = []
    for which in _SIGNALS:
        handler = signal.getsignal(which)
        if callable(handler):
            _waiting[which] = handler
            signal.signal(which, lambda number, _: came.append(number))
    own = dict(_waiting)
    try:
        yield
    finally:
        _give_back()
        for number in came:
            own[signal.Signals(number)](number, None)


def _give_back() -> None:
    while _waiting:
        signal.signal(*_waiting.popitem())


if hasattr(os, "register_at_fork"):
    # A child has handlers like any other process.
    os.register_at_fork(after_in_child=_give_back)


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
