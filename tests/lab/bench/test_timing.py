"""Rows take turns, and figures say where they were measured."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from functools import partial

import pytest
import torch

from impasto_lab.bench import machine
from impasto_lab.bench.peers.pairs import MixedPairs
from impasto_lab.bench.timing import Reopened, Row, take_turns


class _Loader:
    def __init__(self, name: str, log: list[tuple[str, int, int]]) -> None:
        self.name, self.log = name, log

    def __iter__(self) -> Iterator[MixedPairs]:
        self.log.append((self.name, len(machine.cpus()), torch.get_num_threads()))
        yield MixedPairs(torch.zeros(4, 3, 1, 1), torch.zeros(4, 1, dtype=torch.int64), [""] * 4)


def test_rows_take_turns_after_a_round_that_does_not_count() -> None:
    log: list[tuple[str, int, int]] = []
    rows = [Row("a", "a", 0, _Loader("a", log)), Row("b", "b", 2, _Loader("b", log))]
    threads, cpus = torch.get_num_threads(), machine.cpus()
    take_turns(rows, rounds=2)
    assert [name for name, *_ in log] == ["b", "a"] + ["a", "b"] * 2  # what b forks is there when a is warm
    assert [len(row.rounds) for row in rows] == [2, 2]
    assert all(used == 1 for *_, used in log)
    assert torch.get_num_threads() == threads
    assert machine.cpus() == cpus


def test_loaders_that_are_reopened_are_warm_and_alone() -> None:
    log: list[tuple[str, int, int]] = []
    living: weakref.WeakSet[_Loader] = weakref.WeakSet()

    def opened(name: str) -> _Loader:
        assert not living, "another one's workers are there still"
        living.add(loader := _Loader(name, log))
        return loader

    rows = [Row(name, name, 2, Reopened(partial(opened, name))) for name in "ab"]
    take_turns([Row("stays", "stays", 2, _Loader("stays", log)), *rows], rounds=2)
    assert [name for name, *_ in log] == ["stays", *["stays", "stays", "a", "a", "b", "b"] * 2]
    assert [len(row.rounds) for row in rows] == [2, 2]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads cannot be held to a CPU here")
def test_a_row_without_workers_is_held_to_one_cpu() -> None:
    log: list[tuple[str, int, int]] = []
    take_turns([Row("a", "a", 0, _Loader("a", log)), Row("b", "b", 1, _Loader("b", log))], rounds=1)
    assert [held for _, held, _ in log] == [len(machine.cpus()), 1, 1, len(machine.cpus())]


def test_the_machine_is_named() -> None:
    described = machine.describe()
    assert described["cpu"]
    assert described["cpus"] >= 1


def test_a_missing_package_has_no_version() -> None:
    assert machine.versions("torch", "no-such-package-1234")["no-such-package-1234"] is None
