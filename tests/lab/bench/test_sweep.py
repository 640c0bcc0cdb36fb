"""Cores, threads and processes: which there are, what they are held to, and figures that add up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from impasto.errors import RecipeError
from impasto_lab.bench import machine
from impasto_lab.bench.alone.sweep import Sweep, SweepRow, doubling, grid, run
from impasto_lab.bench.settings import LoaderTiming
from impasto_lab.cli import main


def test_cores_threads_and_processes() -> None:
    assert [doubling(most) for most in (1, 2, 6, 16)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8, 16)]
    rows = [(row.cores, row.kind, row.workers) for row in grid((1, 4))]
    assert rows == [
        (1, "threads", 1),
        (1, "processes", 1),
        *((4, kind, workers) for kind in ("threads", "processes") for workers in (1, 4)),
    ]
    assert len(list(grid(doubling(16)))) == 38


def test_a_core_comes_once_before_it_comes_twice() -> None:
    pairs = {cpu: (cpu % 4, cpu % 4 + 4) for cpu in range(8)}
    assert machine.spread(range(8), pairs.__getitem__) == [7, 6, 5, 4, 3, 2, 1, 0]
    neighbours = {cpu: (cpu // 2 * 2, cpu // 2 * 2 + 1) for cpu in range(8)}
    assert machine.spread(range(8), neighbours.__getitem__) == [7, 5, 3, 1, 6, 4, 2, 0]
    assert machine.spread((0, 2, 3), neighbours.__getitem__) == [3, 0, 2]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads cannot be held to a CPU here")
def test_what_is_started_is_held_too() -> None:
    all_of_them, found = machine.cpus(), []
    with machine.held_to(1) as held:
        thread = threading.Thread(target=lambda: found.append(machine.cpus()))
        thread.start()
        thread.join()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            os.sched_setaffinity(other.pid, all_of_them)
            machine.hold([other.pid])
            found.append(sorted(os.sched_getaffinity(other.pid)))
            other.communicate(b"\n")
    assert held and found == [all_of_them[-1:]] * 2 and machine.cpus() == all_of_them


def test_figures_add_up() -> None:
    row = SweepRow(4, "threads", 4, rounds=[100.0, 300.0, 200.0], busy=[1.0, 3.0, 3.0])
    told = row.as_dict()
    assert (told["images_per_second"], told["images_per_second_per_core"]) == (200, 50)
    assert (told["cpu_share"], told["cpu_milliseconds"]) == (0.75, 10)
    rows = (row, SweepRow(4, "threads", 8, [250.0], [4.0]), SweepRow(1, "processes", 1, [90.0], [1.0]))
    assert Sweep(rows=rows, held=True, machine={}, versions={}, load=None, settings={}, command="").best == {
        "threads": {4: 250},
        "processes": {1: 90},
    }
    with pytest.raises(RecipeError, match="this process may use"):
        run(LoaderTiming(cores=(1, 4096)))


def test_bench_loader_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, page, plot = tmp_path / "sweep.json", tmp_path / "sweep.html", tmp_path / "sweep.png"
    shown = ["--json", str(target), "--page", str(page), "--plot", str(plot)]
    little = ["--images", "16", "--batch-size", "8", "--rounds", "1", "--sizes", "160x120"]
    assert main(["bench", "loader", "--sweep", "--cores", "1", *little, *shown]) == 0
    assert "what else ran takes part" in capsys.readouterr().out
    document = json.loads(target.read_text(encoding="utf-8"))
    assert [(row["cores"], row["kind"], row["workers"]) for row in document["rows"]] == [
        (1, "threads", 1),
        (1, "processes", 1),
    ]
    assert {row["version"] for row in document["rows"]} == {document["versions"]["impasto"]}
    assert all(row["images_per_second"] > 0 and 0 < row["cpu_share"] < 1.2 for row in document["rows"])
    assert "load average" in page.read_text(encoding="utf-8") and plot.stat().st_size > 1000
