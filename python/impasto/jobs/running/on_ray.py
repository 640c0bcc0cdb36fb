"""Pieces of work as tasks of a Ray cluster, which may span machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from impasto.errors import JobError
from impasto.extras import need
from impasto.jobs.running.worker import answer

#: So long tasks that are cancelled may take, in seconds.
_GRACE = 10.0


def run_on_ray(function: Callable[[Any], Any], pieces: Iterable[Any], workers: int) -> Iterator[tuple[Any, Any]]:
    """See `impasto.jobs.run_pieces`."""
    ray = need("ray", extra="ray")
    ours = not ray.is_initialized()
    if ours:
        ray.init(include_dashboard=False, log_to_driver=False)
    busy: dict[Any, Any] = {}
    try:
        task = ray.remote(num_cpus=1)(answer)  # Ray gives a task of one CPU one thread
        given = ray.put(function)
        waiting = iter(pieces)
        for piece in islice(waiting, workers or max(1, int(ray.cluster_resources().get("CPU", 1)))):
            busy[task.remote(given, piece)] = piece
        while busy:
            (done,), _ = ray.wait(list(busy), num_returns=1)
            piece, result = busy.pop(done), _result(ray, done)
            for following in islice(waiting, 1):
                busy[task.remote(given, following)] = following
            yield piece, result
    finally:
        for reference in busy:
            ray.cancel(reference)
        if busy:
            ray.wait(list(busy), num_returns=len(busy), timeout=_GRACE)
        if ours:
            ray.shutdown()


def _result(ray: Any, reference: Any) -> Any:
    try:
        well, result = ray.get(reference)
    except ray.exceptions.RayError as error:
        reason = f"Ray lost a worker ({type(error).__name__}: {error}); what is done stays, run again for the rest"
        raise JobError(reason) from error
    if not well:
        raise result
    return result
