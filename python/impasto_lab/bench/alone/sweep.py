"""Our loader over cores, threads and processes: what each core more gives, and how busy it is."""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from impasto import sources
from impasto.checks import require
from impasto.loading import Stats
from impasto_lab.bench import machine, ours, quiet
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.settings import LoaderTiming, Stored
from impasto_lab.bench.storing import photographs_in
from impasto_lab.bench.timing import Track, untracked
from impasto_lab.bench.work import Work

Kind = Literal["threads", "processes"]
#: Batches of an epoch for each worker: those that lie ready when the first comes aren't counted.
_BATCHES = 8


@dataclass
class SweepRow:
    """The loader on some cores.

    Attributes:
        cores: How many it is held to.
        kind: What its workers are.
        workers: How many.
        rounds: Images a second of wall-clock time, in each round.
        busy: Cores that it kept busy, in each round.
        version: Ours.
    """

    cores: int
    kind: Kind
    workers: int
    rounds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    version: str | None = None

    @property
    def images_per_second(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def share(self) -> float:
        """The share of its cores' time that it was busy, the median of the rounds."""
        return statistics.median(self.busy) / self.cores

    @property
    def milliseconds(self) -> float:
        """CPU time of an image, the median of the rounds."""
        return statistics.median(1e3 * busy / rate for busy, rate in zip(self.busy, self.rounds, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """The row, as JSON has it."""
        return {
            "version": self.version,
            "cores": self.cores,
            "kind": self.kind,
            "workers": self.workers,
            "images_per_second": round(self.images_per_second, 1),
            "images_per_second_per_core": round(self.images_per_second / self.cores, 1),
            "cpu_share": round(self.share, 3),
            "cpu_milliseconds": round(self.milliseconds, 3),
            "rounds": [round(rate, 1) for rate in self.rounds],
        }


@dataclass(frozen=True, kw_only=True)
class Sweep(machine.Recorded):
    """What was measured.

    Attributes:
        rows: By cores, kind and number of workers.
        held: Whether the loader was held to so many cores; where it can't be, it has all of them.
    """

    rows: tuple[SweepRow, ...]
    held: bool

    @property
    def best(self) -> dict[Kind, dict[int, float]]:
        """For threads and for processes: the highest rate on so many cores, whatever the number of workers."""
        found: dict[Kind, dict[int, float]] = {}
        for row in self.rows:
            rates = found.setdefault(row.kind, {})
            rates[row.cores] = max(rates.get(row.cores, 0.0), row.images_per_second)
        return found

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "rows": [row.as_dict() for row in self.rows],
            "best": {
                kind: {str(cores): round(rate, 1) for cores, rate in rates.items()} for kind, rates in self.best.items()
            },
            "held": self.held,
            **self.circumstances(),
        }


def doubling(most: int) -> tuple[int, ...]:
    """1, 2, 4 and so on, and the most itself."""
    return tuple(sorted({1 << power for power in range(most.bit_length()) if 1 << power <= most} | {most}))


def grid(cores: Sequence[int]) -> Iterator[SweepRow]:
    """The rows: as many workers as any of the numbers of cores, up to twice as many as a row has cores."""
    for count in cores:
        for kind in ("threads", "processes"):
            for workers in cores:
                if workers <= 2 * count:
                    yield SweepRow(count, kind, workers)


def run(settings: LoaderTiming | None = None, *, track: Track = untracked) -> Sweep:
    """Times epochs of every row in turns, each after one that starts its workers, held to so many of the cores.

    Args:
        settings: How much is timed; workers and peers are left out.
        track: Shows progress.

    Raises:
        RecipeError: If there are fewer cores than asked for, or fewer images than a batch has.
    """
    settings = settings or LoaderTiming()
    here = len(machine.cpus())
    cores = tuple(sorted(set(settings.cores or doubling(here))))
    require(cores[-1] <= here, f"cores={cores}: this process may use {here}")
    several = [one.name for one in fields(Stored) if len(getattr(settings, one.name)) > 1]
    several += ["packed"] if settings.packed else []
    require(not several, f"{', '.join(several)}: a sweep is of one of each; leave the others out")
    work = Work(batch_size=settings.batch_size, interpolation=settings.interpolation, seed=settings.seed)
    with machine.held_to(1) as held:
        pass
    rows = tuple(grid(cores if held else (here,)))
    versions = machine.versions("impasto", "torch")
    for row in rows:
        row.version = versions["impasto"]
    with tempfile.TemporaryDirectory(prefix="impasto-bench-") as temporary:
        (files,) = photographs_in(Path(temporary), settings).values()
        load = quiet.load()
        for turn in track(range(len(rows) * settings.rounds), "timing"):
            row = rows[turn % len(rows)]
            stats = _epoch(row, files, work)
            row.rounds.append(stats.samples_per_second)
            row.busy.append(stats.busy)
    return Sweep(
        rows=rows,
        held=held,
        machine=machine.describe(),
        versions=versions,
        load=load,
        settings={**asdict(settings), "cores": cores},
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _epoch(row: SweepRow, files: Files, work: Work) -> Stats:
    """What the second epoch of a loader of its own took."""
    one = sources.CocoCaptions(files.annotations, images=files.folder)
    times = -(-_BATCHES * row.workers * work.batch_size // len(files))
    data = sources.concat(*[one] * times)
    loader = ours.open_loader(files, work, workers=row.workers, processes=row.kind == "processes", data=data)
    with machine.held_to(row.cores), warnings.catch_warnings():
        # torch says that there are more workers than cores: that is what is measured.
        warnings.filterwarnings("ignore", "This DataLoader will create")
        for _ in range(2):
            for _ in loader:
                pass
            # However they were started, by whatever server: they run where this process runs.
            machine.hold(child.pid for child in multiprocessing.active_children())
    return loader.stats()
