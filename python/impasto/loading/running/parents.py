"""Worker processes end with the process that they work for, however that ends."""

from __future__ import annotations

import os
import threading
import time

_EVERY_SECONDS = 1.0

#: The process that watches: a child that is forked from it doesn't.
_watching: int | None = None


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
