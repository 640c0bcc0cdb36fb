"""Pieces of work, run in this process, in processes side by side or on a Ray cluster; results as they are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeVar

from impasto.checks import choice, is_count, require

#: Where pieces run when not in this process.
Engine = Literal["processes", "ray"]

ENGINES: tuple[Engine, ...] = ("processes", "ray")

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def run_pieces(
    function: Callable[[Piece], Result],
    pieces: Iterable[Piece],
    *,
    workers: int = 0,
    engine: Engine = "processes",
) -> Iterator[tuple[Piece, Result]]:
    """Calls a function on every piece, and yields each piece with its result as soon as it is there.

    Pieces are independent: shards of a data set, ranges of rows, or arms times seeds of an experiment::

        def train(piece: tuple[str, int]) -> float: ...

        todo = [(arm, seed) for arm in arms for seed in seeds if (arm, seed) not in finished]
        for (arm, seed), score in run_pieces(train, todo, workers=2):
            keep(arm, seed, score)

    The function is pickled once for each worker, a piece when its turn comes: what all pieces share, such as a data
    set or a model, belongs into the function, as an attribute of a callable object or by `functools.partial`. Workers
    are fresh processes of one thread each, which is faster side by side than one process with as many threads. They
    import the script that started them, whose own work must stand under ``if __name__ == "__main__":``.

    An error of a piece is raised here, as it was raised there, and ends the run; a function that would rather go on
    returns what went wrong. Whatever ends the run (an error, Ctrl-C, the generator's ``close``) stops the workers
    between two lines of Python, so that their ``finally`` clauses and contexts run; results that were not yielded are
    lost, and what is to survive is written by the function. Workers whose parent is killed leave by themselves.

    Args:
        function: Called with a piece. It pickles unless ``workers`` is 0; on Ray by value, like its results.
        pieces: What it is called with; each is taken when a worker is free.
        workers: How many run side by side; 0 runs all in this process, in order. Ray takes 0 as one for each CPU
            of its cluster.
        engine: ``"processes"``, or ``"ray"`` for the cluster that ``ray.init`` found or finds; one is started on this
            machine if there is none.

    Yields:
        Piece and result, in the order in which they are done.

    Raises:
        RecipeError: If an argument makes no sense.
        JobError: If a worker was lost with its piece undone.
        MissingExtraError: If the engine is ``"ray"`` and Ray is not installed.
    """
    check_engine(workers, engine)
    run: Callable[[Callable[[Any], Any], Iterable[Any], int], Iterator[tuple[Any, Any]]]
    if engine == "ray":
        from impasto.jobs.running.on_ray import run_on_ray as run
    elif workers:
        from impasto.jobs.running.processes import run_in_processes as run
    else:
        run = _run_here
    return run(function, pieces, workers)


def check_engine(workers: int, engine: Engine) -> None:
    """Sees that the arguments of `run_pieces` make sense.

    Raises:
        RecipeError: If they don't.
    """
    choice("engine", engine, ENGINES)
    require(is_count(workers) and workers >= 0, f"workers={workers!r} must be a whole number, 0 or more")


def _run_here(
    function: Callable[[Piece], Result], pieces: Iterable[Piece], workers: int
) -> Iterator[tuple[Piece, Result]]:
    assert workers == 0
    for piece in pieces:
        yield piece, function(piece)
