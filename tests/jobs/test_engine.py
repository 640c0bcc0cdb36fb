"""Pieces run here and in processes: streamed, single-threaded, stopped cleanly, lost with a word."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import impasto
from impasto.jobs import run_pieces


def _square(piece: int) -> tuple[int, int, str | None]:
    return piece**2, os.getpid(), os.environ.get("OMP_NUM_THREADS")


def _threads(piece: int) -> int:
    import torch

    return torch.get_num_threads()


def _wait_for(folder: Path, piece: int) -> int:
    """The first piece is done when the second is."""
    if piece == 0:
        while not (folder / "second").exists():
            time.sleep(0.01)
    if piece == 1:
        (folder / "second").touch()
    return piece


def _fail(piece: int) -> int:
    if piece == 1:
        raise impasto.DecodeError("it is torn", key="7", path="a.jpg")
    if piece == 2:
        raise KeyError("a mistake")
    if piece == 3:
        raise _StrangeError(1, 2)
    return piece


class _StrangeError(Exception):
    """Its copy can't be made of its ``args``."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"strange {one} {two}")


def _die(piece: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _linger(folder: Path, piece: int) -> None:
    try:
        (folder / f"{piece}-began-{os.getpid()}").touch()
        if piece:
            threading.Event().wait()
    finally:
        (folder / f"{piece}-cleaned-up").touch()


def test_in_this_process_in_order() -> None:
    results = dict(run_pieces(_square, range(4)))
    assert {piece: value for piece, (value, _, _) in results.items()} == {0: 0, 1: 1, 2: 4, 3: 9}
    assert {pid for _, pid, _ in results.values()} == {os.getpid()}


def test_in_processes_of_one_thread() -> None:
    results = dict(run_pieces(_square, range(5), workers=2))
    assert {piece: value for piece, (value, _, _) in results.items()} == {0: 0, 1: 1, 2: 4, 3: 9, 4: 16}
    assert os.getpid() not in {pid for _, pid, _ in results.values()}
    assert {threads for _, _, threads in results.values()} == {"1"}
    assert list(run_pieces(_threads, [0], workers=1)) == [(0, 1)]


def test_results_come_as_they_are_done(tmp_path: Path) -> None:
    done = [piece for piece, _ in run_pieces(partial(_wait_for, tmp_path), range(2), workers=2)]
    assert done == [1, 0]


def test_pieces_are_taken_when_there_is_room() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[int]:
        for piece in range(6):
            taken.append(piece)
            yield piece

    results = run_pieces(_square, pieces(), workers=1)
    next(results)
    assert taken == [0, 1]
    results.close()


@pytest.mark.parametrize("workers", [0, 1])
def test_errors_are_raised_as_they_were(workers: int) -> None:
    with pytest.raises(impasto.DecodeError, match=r"sample '7', a.jpg: it is torn") as caught:
        list(run_pieces(_fail, [0, 1], workers=workers))
    assert caught.value.reason == "it is torn"
    with pytest.raises(KeyError, match="a mistake") as mistake:
        list(run_pieces(_fail, [2], workers=workers))
    assert ("in _fail" in "".join(getattr(mistake.value, "__notes__", []))) == bool(workers)
    with pytest.raises(impasto.JobError if workers else _StrangeError, match="strange 1 2"):
        list(run_pieces(_fail, [3], workers=workers))


def test_a_worker_that_is_lost_is_told() -> None:
    with pytest.raises(impasto.JobError, match="had piece 4 was ended by SIGKILL; if memory was short"):
        list(run_pieces(_die, [4], workers=1))
    with pytest.raises(impasto.JobError, match=r"ended with status 3; .* `if __name__"):
        list(run_pieces(os._exit, [3], workers=1))


def test_results_that_do_not_pickle_are_errors() -> None:
    with pytest.raises(TypeError, match="pickle"):
        list(run_pieces(_lock, [0], workers=1))


def _lock(piece: int) -> object:
    return threading.Lock()


def test_who_stops_listening_stops_the_workers(tmp_path: Path) -> None:
    results = run_pieces(partial(_linger, tmp_path), [1, 0, 2], workers=2)
    assert next(results) == (0, None)
    while len(list(tmp_path.glob("[12]-began-*"))) < 2:
        time.sleep(0.01)
    results.close()
    began = [path.name for path in tmp_path.glob("*-began-*")]
    assert {path.name for path in tmp_path.glob("*-cleaned-up")} == {"0-cleaned-up", "1-cleaned-up", "2-cleaned-up"}
    for name in began:
        with pytest.raises(ProcessLookupError):
            os.kill(int(name.rpartition("-")[2]), 0)


@pytest.mark.parametrize(
    ("options", "reason"), [({"workers": -1}, "workers=-1"), ({"engine": "dask"}, "engine='dask'")]
)
def test_arguments_that_make_no_sense(options: dict[str, int | str], reason: str) -> None:
    with pytest.raises(impasto.RecipeError, match=reason):
        run_pieces(_square, [], **options)
