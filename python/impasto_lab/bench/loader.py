"""The whole loader against other loaders, from files on disk to mixed and tokenised batches."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch

from impasto.errors import RecipeError
from impasto.sources import Source
from impasto_lab.bench import machine, ours, quiet, storing
from impasto_lab.bench.answers import Answers, compare
from impasto_lab.bench.own_files import own_files
from impasto_lab.bench.peers import roll
from impasto_lab.bench.photographs import Files
from impasto_lab.bench.scaling import PythonShare, Scaling
from impasto_lab.bench.settings import LoaderTiming, Stored
from impasto_lab.bench.timing import Reopened, Row, Track, take_turns, untracked
from impasto_lab.bench.work import Peer, Work

#: Rows of peers whose workers stay from turn to turn; those of more are open in their turns alone.
FEW = 8


@dataclass(frozen=True, kw_only=True)
class LoaderBench(machine.Recorded):
    """What was measured.

    Attributes:
        rows: Our loader and the peers, each with several numbers of workers.
        answers: What was compared before.
        absent: Peers that were asked for and can't run here, or not on these files, with the reason.
        left_out: How many of somebody's own images are in no file, by what they are.
        python: What Python has of a worker's time; None where an epoch is one batch.
    """

    rows: tuple[Row, ...]
    answers: Answers
    absent: dict[str, str]
    left_out: dict[str, int]
    python: PythonShare | None

    @property
    def ratios(self) -> dict[str, dict[int, float]]:
        """For each peer and number of workers: our rate over its rate (threads against processes, workers equal).

        Where files are stored in several ways, a peer's name has the way behind it.
        """
        ratios: dict[str, dict[int, float]] = {}
        for row in self.rows:
            if (ratio := self.ratio(row)) is not None:
                ratios.setdefault(_named(row.name, row.files), {})[row.workers] = ratio
        return ratios

    def ratio(self, row: Row) -> float | None:
        """Our rate over that of a peer's row, on the same files with as many workers; None for rows of ours."""
        if row.name.startswith(ours.NAME):
            return None
        (our,) = (other for other in self._ours(row.files) if other.workers == row.workers)
        return our.images_per_second / row.images_per_second

    @property
    def ratio_to(self) -> dict[str, float]:
        """For each peer: our rate over its rate, with the smallest number of workers (0: on one core)."""
        return {name: by_workers[min(by_workers)] for name, by_workers in self.ratios.items()}

    @property
    def scaling(self) -> Scaling | None:
        """What our loader's rates say of more cores, on the first of several ways to store files."""
        return Scaling.of({row.workers: row.images_per_second for row in self._ours(self.rows[0].files)})

    def _ours(self, files: str) -> list[Row]:
        return [row for row in self.rows if (row.name, row.files) == (ours.NAME, files)]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "rows": [row.as_dict() for row in self.rows],
            "ratio_to": {name: round(ratio, 3) for name, ratio in self.ratio_to.items()},
            "ratios": {
                name: {str(workers): round(ratio, 3) for workers, ratio in by_workers.items()}
                for name, by_workers in self.ratios.items()
            },
            "scaling": None if (scaling := self.scaling) is None else asdict(scaling),
            "python": None if self.python is None else asdict(self.python),
            "answers": asdict(self.answers),
            "absent": self.absent,
            "left_out": self.left_out,
            **self.circumstances(),
        }


def run(
    settings: LoaderTiming | None = None,
    *,
    data: Source | None = None,
    folder: Path | None = None,
    track: Track = untracked,
) -> LoaderBench:
    """Compares answers, then times our loader and its peers in turns.

    Args:
        settings: How much is timed.
        data: Whose images and captions, spread over it, their bytes as they are; peers that fail or differ on them are
            absent. Photographs by default.
        folder: Where to write the files; a temporary folder by default.
        track: Shows progress.

    Raises:
        AnswersDifferError: If the loaders don't agree.
        RecipeError: If there are fewer images than a batch has, or no peer takes those of the data.
    """
    settings = settings or LoaderTiming()
    peers, absent = roll.called(settings.peers)
    if any(settings.workers):
        apart = [peer.NAME for peer in peers if peer.NAME in roll.OWN_THREADS]
        absent |= {f"{name}, with workers": "its threads are as many as it chooses" for name in apart}
    seed = settings.seed
    work = Work(batch_size=settings.batch_size, interpolation=settings.interpolation, seed=seed)
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory(prefix="impasto-bench-") as temporary:
        stored, left_out = _stored(folder or Path(temporary), settings, data)
        asked = {how: _reading(peers, files, absent) for how, files in stored.items()}
        answers = []
        for how, files in stored.items():
            unfit: dict[str, str] | None = None if data is None else {}
            answers.append(compare(files, work, asked[how], unfit=unfit))
            absent |= {_named(name, how): reason for name, reason in (unfit or {}).items()}
            asked[how] = [peer for peer in asked[how] if peer.NAME in answers[-1].apart]
        if data is not None and peers and not any(asked.values()):
            told = "; ".join(f"{name}: {reason}" for name, reason in absent.items())
            raise RecipeError(f"no peer takes the images of {data!r}: {told}")
        # Before others' workers and batches are there, whose objects Python looks through now and then.
        first = next(iter(stored.values()))
        python = PythonShare.of(ours.open_loader(first, work, workers=0), epochs=settings.rounds)
        few = len(stored) * len(peers) * len(settings.workers) <= FEW
        rows = [
            row for how, files in stored.items() for row in _rows(files, how, work, settings.workers, asked[how], few)
        ]
        load = quiet.load()
        take_turns(rows, rounds=settings.rounds, track=track)
        kilobytes = {how: round(_kilobytes(files), 1) for how, files in stored.items()}
    return LoaderBench(
        rows=tuple(rows),
        answers=Answers.worst(answers),
        machine=machine.describe(),
        versions=machine.versions("impasto", "torch", *sorted({name for peer in peers for name in peer.PACKAGES})),
        absent=absent,
        left_out=left_out,
        python=python,
        load=load,
        settings={"kilobytes_per_image": kilobytes.get("", kilobytes), **_told(settings, data, first)},
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _stored(folder: Path, settings: LoaderTiming, data: Source | None) -> tuple[dict[str, Files], dict[str, int]]:
    """Files by the way in which they are stored, a single one without a name, and what of the data isn't among them."""
    if data is None:
        return storing.photographs_in(folder, settings), {}
    (place := folder / "own").mkdir()
    files, left_out = own_files(data, place, settings.images, batch_size=settings.batch_size)
    return storing.with_packed({"": files}, folder) if settings.packed else {"": files}, left_out


def _reading(peers: Sequence[Peer], files: Files, absent: dict[str, str]) -> Sequence[Peer]:
    """The peers that decode all of the files; the others are noted."""
    beyond = {peer.NAME: ", ".join(sorted(roll.undecoded(peer, files.kinds))) for peer in peers}
    absent |= {_named(name, kinds): "it doesn't decode that" for name, kinds in beyond.items() if kinds}
    return [peer for peer in peers if not beyond[peer.NAME]]


def _named(name: str, how: str) -> str:
    """A peer on some of the files."""
    return ", ".join(filter(None, (name, how)))


def _told(settings: LoaderTiming, data: Source | None, files: Files) -> dict[str, Any]:
    """The settings; of somebody's own data there are as many images as there are, stored as they are."""
    if data is None:
        return {"data": None, **asdict(settings)}
    made = {one.name for one in fields(Stored)}
    held = {name: value for name, value in asdict(settings).items() if name not in made}
    return {"data": repr(data), **held, "images": len(files)}


def _kilobytes(files: Files) -> float:
    return sum(Path(path).stat().st_size for path in files.paths) / len(files) / 1000


def _rows(files: Files, how: str, work: Work, workers: Sequence[int], peers: Sequence[Peer], few: bool) -> list[Row]:
    rows = [Row(ours.NAME, ours.TITLE, count, ours.open_loader(files, work, workers=count)) for count in workers]
    for count in filter(None, workers):
        loader = ours.open_loader(files, work, workers=count, processes=True)
        rows.append(Row(f"{ours.NAME}, processes", f"{ours.TITLE}, processes=True", count, loader))
    for row in rows:
        row.version = machine.versions("impasto")["impasto"]
    for peer in peers:
        version = roll.version(peer)
        rows += [
            Row(peer.NAME, peer.TITLE, count, loader() if few or not count else Reopened(loader), version)
            for count in workers
            if not count or peer.NAME not in roll.OWN_THREADS
            for loader in [partial(peer.open_loader, files, work, workers=count)]
        ]
    for row in rows:
        row.files = how
    return rows
