"""A worker process: asked for pieces until it is told to leave, gone by itself when its parent is."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from impasto.errors import ImpastoError, JobError

#: A worker looks so often whether its parent is still there, in seconds.
WATCH = 0.2

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def serve(pipe: Connection, given: bytes, parent: int) -> None:
    """Answers each piece that comes through the pipe, until its other end is closed.

    Args:
        pipe: Pickled pieces come in, pickled answers go out.
        given: The function, pickled.
        parent: The process that ends this one by ending.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGTERM, _leave)
    # Ctrl-C reaches the whole group of processes; it is the parent's business, which tells its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    _use_one_thread()
    work = _Unpickled(given)
    while True:
        try:
            piece = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(_pickled(answer(work, piece)))


def answer(function: Callable[[Any], Any], piece: Any) -> tuple[bool, Any]:
    """Calls a function on a piece: whether it went well, and the result or an error that pickles."""
    try:
        return True, function(piece)
    except Exception as error:  # noqa: BLE001  raised again where the piece came from
        return False, _portable(error)


class _Unpickled:
    """The function, unpickled when the first piece is there, so that what goes wrong then is answered too."""

    def __init__(self, given: bytes) -> None:
        self._given = given
        self._function: Callable[[Any], Any] | None = None

    def __call__(self, piece: bytes) -> Any:
        if self._function is None:
            self._function = pickle.loads(self._given)
        return self._function(pickle.loads(piece))


def _pickled(answered: tuple[bool, Any]) -> bytes:
    try:
        return pickle.dumps(answered)
    except Exception as error:  # noqa: BLE001  anything may go wrong in anybody's result
        return pickle.dumps((False, _portable(error)))


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same and pickles; with a note of where it came from unless it is one of ours."""
    try:
        copy: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  anything may go wrong in anybody's class
        copy = JobError(f"{type(error).__name__}: {error}")
    if not isinstance(error, ImpastoError):
        copy.add_note("".join(["in a worker:\n", *traceback.format_exception(error)]))
    return copy


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    # At once, without cleaning up: by the time that the main thread listens, another run may use the same files.
    os._exit(1)


def _leave(*_: Any) -> None:
    sys.exit(128 + signal.SIGTERM)


def _use_one_thread() -> None:
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # for libraries that are still to be loaded
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
