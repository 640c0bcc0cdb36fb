"""Training steps on a device, fed by our loader in every way and by a stock one, held to so many cores."""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch

from impasto import sources
from impasto.checks import require
from impasto.loading import prefetch
from impasto_lab.bench import machine, ours, quiet
from impasto_lab.bench.answers import Answers, compare
from impasto_lab.bench.feeding.clocks import clock_of
from impasto_lab.bench.feeding.steps import ClassifierStep, ClipStep, Step
from impasto_lab.bench.own_files import files_of
from impasto_lab.bench.peers import torchvision_io as stock
from impasto_lab.bench.peers.pairs import MixedPairs
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.settings import FeedTiming, TrainStepTiming
from impasto_lab.bench.timing import Track, untracked
from impasto_lab.bench.work import Pairs, Work
from impasto_lab.models import ClipSettings
from impasto_lab.training.device import pick_device

#: What feeds a step.
Kind = Literal["bound", "threads", "processes", "prefetched", "stock"]
TITLES: dict[Kind, str] = {
    "bound": "a batch that is on the device already",
    "threads": "impasto",
    "processes": "impasto, processes=True",
    "prefetched": "impasto, prefetched to the device",
    "stock": stock.TITLE,
}
#: Batches of an epoch: its end, where workers run out of work, is not what is timed.
_EPOCH = 512
#: Batches that a worker has ready before the first is asked for; as many aren't counted.
_READY = 2


@dataclass
class FedRow:
    """A step fed in one way.

    Attributes:
        kind: By what.
        cores: How many it and its loader are held to.
        version: Of the package that it is.
        rounds: Images a second of wall-clock time, in each round.
        waits: The share of each round in which the device was in no step: it waited for a batch, or for its copy.
        utilizations: What the device says of itself in each round, in [0, 1]; empty where it says nothing.
    """

    kind: Kind
    cores: int
    version: str | None
    rounds: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    utilizations: list[float] = field(default_factory=list)

    @property
    def images_per_second(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def waiting(self) -> float:
        """The median of the rounds' shares."""
        return statistics.median(self.waits)

    @property
    def utilization(self) -> float | None:
        """The median of the rounds'; None where the device says nothing."""
        return statistics.median(self.utilizations) if self.utilizations else None

    def as_dict(self) -> dict[str, Any]:
        """The row, as JSON has it."""
        said = self.utilization
        return {
            "name": self.kind,
            "title": TITLES[self.kind],
            "version": self.version,
            "cores": self.cores,
            "images_per_second": round(self.images_per_second, 1),
            "rounds": [round(rate, 1) for rate in self.rounds],
            "waiting": round(self.waiting, 4),
            "utilization": None if said is None else round(said, 3),
        }


@dataclass(frozen=True, kw_only=True)
class FedBench(machine.Recorded):
    """What was measured.

    Attributes:
        rows: The step on a batch that is there already, then every loader, by cores.
        skipped: Rows that there was no time for, or not for all rounds, with the reason.
        answers: What was compared before.
        parameters: Of the model.
        device: The device's name.
        held: Whether the loaders were held to so many cores; where they can't be, they have all of them.
    """

    rows: tuple[FedRow, ...]
    skipped: dict[str, str]
    answers: Answers
    parameters: int
    device: str
    held: bool

    @property
    def bound(self) -> float:
        """Images a second of the step alone."""
        return self.rows[0].images_per_second

    def ratio(self, row: FedRow) -> float | None:
        """The rate of a row over the stock loader's on as many cores; None for its own, or where it wasn't timed."""
        others = [other.images_per_second for other in self.rows if (other.kind, other.cores) == ("stock", row.cores)]
        return row.images_per_second / others[0] if others and row.kind not in ("stock", "bound") else None

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "rows": [self._row(row) for row in self.rows],
            "skipped": self.skipped,
            "answers": asdict(self.answers),
            "parameters": self.parameters,
            "device": self.device,
            "held": self.held,
            **self.circumstances(),
        }

    def _row(self, row: FedRow) -> dict[str, Any]:
        ratio = self.ratio(row)
        return row.as_dict() | {
            "of_bound": round(row.images_per_second / self.bound, 4),
            "ratio": None if ratio is None else round(ratio, 3),
        }


def run(
    settings: TrainStepTiming,
    feed: FeedTiming,
    *,
    data: sources.Source | None = None,
    track: Track = untracked,
) -> FedBench:
    """Compares our loader's batches with the stock one's, then times steps that each feeds, round by round.

    Every row has workers of its own, as many as cores; what they have ready when the first batch comes isn't counted.

    Args:
        settings: The files, the batch, the rounds, the CLIP's size.
        feed: The device, the model, the cores.
        data: Whose images and captions, spread over it; photographs of the settings' size by default.
        track: Shows progress.

    Raises:
        AnswersDifferError: If the loaders don't agree.
        RecipeError: If torch sees no such device, there are fewer cores than asked for, or too few images.
    """
    began, place, here = time.monotonic(), pick_device(feed.device or "cpu"), len(machine.cpus())
    cores = tuple(sorted(set(feed.cores or (here,))))
    require(cores[-1] <= here, f"cores={feed.cores}: this process may use {here}")
    with machine.held_to(1) as held:
        pass
    if not held:
        cores = (here,)
    threads = torch.get_num_threads()
    torch.manual_seed(settings.seed)
    skipped: dict[str, str] = {}
    versions = machine.versions("impasto", "torch", *stock.PACKAGES)
    try:
        with tempfile.TemporaryDirectory(prefix="impasto-bench-") as temporary:
            files = files_of(data, Path(temporary), settings)
            work, step = _work(settings, feed, place), _step(settings, feed, place)
            answers = compare(files, work, (stock,))
            bound = [_placed(next(iter(ours.open_loader(files, work, workers=0))), place)]
            rows = [FedRow(kind, count, _version(kind, versions)) for kind, count in _grid(cores)]
            load = quiet.load()
            for turn in track(range(len(rows) * settings.rounds), "timing"):
                row = rows[turn % len(rows)]
                if time.monotonic() - began > feed.limit and row.kind != "bound":
                    what = f"{TITLES[row.kind]}, {row.cores} cores"
                    less = f" after {len(row.rounds)} of {settings.rounds} rounds" if row.rounds else ""
                    skipped[what] = f"the {feed.limit:g} s that there are were over{less}"
                    continue
                with machine.held_to(row.cores):
                    # The step's own threads on a CPU would be in its loaders' way; on a GPU they copy batches.
                    torch.set_num_threads(row.cores if place.type == "cuda" else 1)
                    fed: Iterable[Pairs] = bound if row.kind == "bound" else _loader(row, files, work, place)
                    _time(row, fed, step, place, feed.seconds)
                    del fed  # its workers end before the next ones begin
    finally:
        torch.set_num_threads(threads)
    return FedBench(
        rows=(rows[0], *sorted((row for row in rows[1:] if row.rounds), key=lambda row: row.cores)),
        skipped=skipped,
        answers=answers,
        parameters=step.parameters,
        device=machine.device_name(place),
        held=held,
        machine=machine.describe(),
        versions=versions,
        load=load,
        settings={"data": None if data is None else repr(data), **asdict(settings), **asdict(feed), "cores": cores},
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _grid(cores: Sequence[int]) -> Iterator[tuple[Kind, int]]:
    """Kinds and cores, those first that say most where time is short: all cores, then the fewest."""
    yield "bound", cores[-1]
    for count in dict.fromkeys((cores[-1], cores[0], *reversed(cores))):
        for kind in TITLES:
            if kind != "bound":
                yield kind, count


def _work(settings: TrainStepTiming, feed: FeedTiming, place: torch.device) -> Work:
    pinned = place.type == "cuda"
    if feed.model == "clip":
        sizes = ClipSettings.preset(settings.preset)
        length, side, mixed = sizes.text_length, sizes.image_size, 0.25
    else:
        length, side, mixed = 0, feed.side, 0.0
    return Work(
        batch_size=settings.batch_size, size=side, length=length, mixed=mixed, seed=settings.seed, pinned=pinned
    )


def _step(settings: TrainStepTiming, feed: FeedTiming, place: torch.device) -> Step:
    if feed.model == "clip":
        sizes = ClipSettings.preset(settings.preset, vocabulary=ClipSettings().vocabulary)
        return ClipStep(sizes, torch.arange(sizes.vocabulary), seed=settings.seed, device=place)
    return ClassifierStep(feed.model, side=feed.side, seed=settings.seed, device=place)


def _version(kind: Kind, versions: dict[str, str | None]) -> str | None:
    return versions[{"bound": "torch", "stock": "torchvision"}.get(kind, "impasto")]


def _loader(row: FedRow, files: Files, work: Work, place: torch.device) -> Iterable[Pairs]:
    times = -(-_EPOCH * work.batch_size // len(files))
    if row.kind == "stock":
        many = replace(files, names=files.names * times, captions=files.captions * times)
        return stock.open_loader(many, work, workers=row.cores)
    data = sources.concat(*[sources.CocoCaptions(files.annotations, images=files.folder)] * times)
    loader = ours.open_loader(files, work, workers=row.cores, processes=row.kind == "processes", data=data)
    return prefetch(loader, place) if row.kind == "prefetched" else loader


def _time(row: FedRow, batches: Iterable[Pairs], step: Step, place: torch.device, seconds: float) -> None:
    """Takes steps for some seconds, when what was ready at first is used up."""
    taken = _endless(batches)
    with warnings.catch_warnings():
        # torch says that there are more workers than cores: the loop's own is one of them.
        warnings.filterwarnings("ignore", "This DataLoader will create")
        for _ in range(1 + _READY * row.cores):
            step(_placed(next(taken), place))
        # However they were started, by whatever server: they run where this process runs.
        machine.hold(child.pid for child in multiprocessing.active_children())
        clock, images = clock_of(place), 0
        while not images or clock.seconds < seconds:
            batch = _placed(next(taken), place)
            with clock.step():
                step(batch)
            images += len(batch.images)
        spent = clock.stop()
    taken.close()
    row.rounds.append(images / spent.seconds)
    row.waits.append(max(1 - spent.busy / spent.seconds, 0.0))
    row.utilizations += [] if spent.utilization is None else [spent.utilization]


def _endless(batches: Iterable[Pairs]) -> Generator[Pairs, None, None]:
    while True:
        yield from batches


def _placed(batch: Pairs, place: torch.device) -> MixedPairs:
    """A batch's tensors on the device: copied by the step's own stream, unless they are there."""
    ids = batch.input_ids
    images = batch.images.to(place, non_blocking=True)
    return MixedPairs(images, None if ids is None else ids.to(place, non_blocking=True), batch.captions)
