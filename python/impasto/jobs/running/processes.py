"""Pieces of work in processes side by side: each gets its next piece when it has answered the last."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from impasto.errors import JobError
from impasto.jobs.running.worker import serve

#: So long workers that are told to stop may take, in seconds, before they are killed.
_GRACE = 10.0


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    piece: Any = None


def run_in_processes(function: Callable[[Any], Any], pieces: Iterable[Any], workers: int) -> Iterator[tuple[Any, Any]]:
    """See `impasto.jobs.run_pieces`."""
    given = pickle.dumps(function)
    waiting = iter(pieces)
    team: list[_Worker] = []
    busy: dict[Any, _Worker] = {}
    stop = partial(_stop, team)
    atexit.register(stop)  # it runs before multiprocessing's own, which would wait for workers that wait for us
    try:
        for piece in islice(waiting, workers):
            team.append(worker := _start(given))
            _ask(worker, piece)
            busy[worker.pipe] = worker
        while busy:
            for pipe in wait(list(busy)):
                worker = busy.pop(pipe)
                piece, result = worker.piece, _answer(worker)
                for following in islice(waiting, 1):
                    _ask(worker, following)
                    busy[pipe] = worker
                yield piece, result
    finally:
        stop()
        atexit.unregister(stop)


def _start(given: bytes) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    # Not daemonic: a piece may have worker processes of its own.
    process = context.Process(target=serve, args=(theirs, given, os.getpid()))
    with _interrupts_held():
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits, and for a process that is started meanwhile until it has said what it does about it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ask(worker: _Worker, piece: Any) -> None:
    worker.piece = piece
    with suppress(BrokenPipeError):  # the answer that doesn't come will tell
        worker.pipe.send_bytes(pickle.dumps(piece))


def _answer(worker: _Worker) -> Any:
    try:
        well, result = pickle.loads(worker.pipe.recv_bytes())
    except (EOFError, ConnectionResetError):
        raise _lost(worker) from None
    if not well:
        raise result
    return result


def _lost(worker: _Worker) -> JobError:
    worker.process.join(_GRACE)
    code = worker.process.exitcode
    if code is not None and code < 0:
        how = f"was ended by {signal.Signals(-code).name}; if memory was short, use fewer workers"
    else:
        how = f"ended with status {code}; a script that starts workers does so under `if __name__ == '__main__':`"
    return JobError(f"the worker that had piece {worker.piece!r} {how}; what is done stays, run again for the rest")


def _stop(team: list[_Worker]) -> None:
    for worker in team:
        worker.process.terminate()
    end = time.monotonic() + _GRACE
    for worker in team:
        worker.process.join(max(end - time.monotonic(), 0))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.pipe.close()
    team.clear()
