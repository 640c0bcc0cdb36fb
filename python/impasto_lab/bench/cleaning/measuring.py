"""Precision, recall and speed of cleaning, on a world with copies and noise that are known."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from impasto.jobs import CleanReport, CleanSettings, clean, near_hashes
from impasto.progress import Progress, silent
from impasto.sources import Sequence as Rows
from impasto.sources import Stl10
from impasto_lab.bench import machine
from impasto_lab.bench.cleaning.planting import COPIES
from impasto_lab.bench.cleaning.settings import CleanTiming
from impasto_lab.bench.photographs import write_files
from impasto_lab.worlds import Stl10Like, Terms, render_stl10


@dataclass(frozen=True)
class CleanBench:
    """What was measured.

    Attributes:
        found: Shares of copies that are known for their pictures', by kind, for each limit of bits.
        right: Shares of what is called a duplicate that is a copy, for each limit of bits.
        taken: How many are called so that are none, for each limit of bits.
        noise: ``precision`` and ``recall`` of the flag for noise.
        seconds: Of CPU time on one core: ``photograph``, to measure one of 640 x 480 pixels; ``picture``, one of 96 x
            96; ``hashes``, to find near ones among all, up to 7 bits.
        machine: See `machine.describe`.
        versions: Of the packages.
        settings: The arguments of `run`.
        command: The process's command line.
    """

    found: dict[str, dict[str, float]]
    right: dict[str, float]
    taken: dict[str, int]
    noise: dict[str, float]
    seconds: dict[str, float]
    machine: dict[str, Any]
    versions: dict[str, str | None]
    settings: dict[str, Any] = field(default_factory=dict)
    command: str = ""

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {**asdict(self), "seed": self.settings["seed"]}


def run(settings: CleanTiming | None = None, *, progress: Progress = silent) -> CleanBench:
    """Renders a world, puts copies into it, cleans it, and times that.

    Args:
        settings: How much of it.
        progress: Called while the world is rendered.
    """
    settings = settings or CleanTiming()
    with tempfile.TemporaryDirectory() as folder, machine.one_cpu():
        return _run(settings, Path(folder), progress)


def _run(settings: CleanTiming, folder: Path, progress: Progress) -> CleanBench:
    terms = Terms(rho=0.6)
    world = Stl10Like(train=settings.images, test=10, terms=terms, noise=settings.noise, seed=settings.seed)
    made = render_stl10(folder / "world", world, progress=progress)
    noisy = made.noise("train")
    data, families, kinds = _planted(Stl10(made.root), np.flatnonzero(~noisy).tolist(), settings)
    seconds = {"picture": _timed(data, folder / "cleaned") / len(data)}
    found: dict[str, dict[str, float]] = {kind: {} for kind in COPIES}
    right, taken = {}, {}
    for distance in settings.distances:
        report = clean(data, folder / "cleaned", CleanSettings(distance=distance), page=False)
        roots = _roots(report, len(data))
        for kind in COPIES:
            copies = [row for row, name in enumerate(kinds) if name == kind]
            found[kind][str(distance)] = float(np.mean([roots[row] == roots[families[row]] for row in copies]))
        called = [one for one in report.left_out if one.of_row is not None]
        wrong = sum(families[one.row] != families[int(one.of_row or 0)] for one in called)
        right[str(distance)], taken[str(distance)] = 1 - wrong / max(len(called), 1), wrong
    flagged = np.zeros(len(data), bool)
    flagged[[one.row for one in report.left_out if "noisy image" in one.flags]] = True
    truth = np.concatenate([noisy, np.zeros(len(data) - len(noisy), bool)])
    both = int((flagged & truth).sum())
    noise = {"precision": both / max(int(flagged.sum()), 1), "recall": both / max(int(truth.sum()), 1)}
    (folder / "photographs").mkdir()
    files = write_files(folder / "photographs", settings.photographs, seed=settings.seed)
    photographs = Rows([(path, caption) for path, caption in zip(files.paths, files.captions, strict=True)])
    seconds["photograph"] = _timed(photographs, folder / "timed") / len(photographs)
    hashes = np.unique(np.random.default_rng(settings.seed).integers(0, 2**64, settings.hashes, np.uint64))
    begin = time.process_time()
    near_hashes(hashes, hashes, 7)
    seconds["hashes"] = time.process_time() - begin
    return CleanBench(
        found,
        right,
        taken,
        noise,
        seconds,
        machine.describe(),
        machine.versions("impasto", "numpy", "pillow"),
        asdict(settings),
        " ".join(["impasto", *sys.argv[1:]]),
    )


def _planted(world: Stl10, good: Sequence[int], settings: CleanTiming) -> tuple[Rows, list[int], list[str]]:
    """The world's pictures and the copies behind them; of each row the one that it is of, and the kind of copy."""
    pixels = [world.pixels(row) for row in range(len(world))]
    rows = [COPIES["the same file"](picture) for picture in pixels]
    families, kinds = list(range(len(rows))), [""] * len(rows)
    draw = np.random.default_rng(settings.seed)
    for kind, copy in COPIES.items():
        for row in draw.choice(good, settings.copies, replace=False).tolist():
            rows.append(copy(pixels[row]))
            families.append(row)
            kinds.append(kind)
    return Rows([(content, []) for content in rows]), families, kinds


def _timed(data: Rows, folder: Path) -> float:
    """Seconds of CPU time that looking at all takes."""
    begin = time.process_time()
    clean(data, folder, page=False)
    return time.process_time() - begin


def _roots(report: CleanReport, rows: int) -> list[int]:
    """The row that is kept for each."""
    roots = list(range(rows))
    for one in report.left_out:
        roots[one.row] = one.row if one.of_row is None else one.of_row
    return roots
