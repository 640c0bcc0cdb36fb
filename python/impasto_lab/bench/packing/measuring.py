"""The loader on the same photographs as files and packed in every way: what each way costs, and what it gives."""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto import Batch, Loader, ops, sources
from impasto.jobs import PackedData, PackSettings, pack
from impasto_lab.bench import machine, ours
from impasto_lab.bench.answers import Answers, AnswersDifferError, compare
from impasto_lab.bench.peers import torchvision_io
from impasto_lab.bench.photographs import Files, write_files
from impasto_lab.bench.settings import PackingTiming
from impasto_lab.bench.storing import SHRUNK as SHRUNK_TO
from impasto_lab.bench.storing import unpacked
from impasto_lab.bench.timing import Row, Track, take_turns, untracked
from impasto_lab.bench.work import Work

#: The ways that are timed, the way that a peer runs on too among them.
WAYS: dict[str, tuple[str, PackSettings]] = {
    "kept": ("bytes kept", PackSettings()),
    "restart rows": ("restart markers each row of MCUs", PackSettings(restart_rows=1)),
    "restart mcus": ("restart markers every 10 MCUs", PackSettings(restart_mcus=10)),
    "shrunk": ("short side 256, quality 95", SHRUNK_TO),
    "shrunk, restarts": ("the same, restart markers every 2 MCUs", PackSettings(short_side=256, restart_mcus=2)),
    "pixels": ("short side 256, pixels as they are", PackSettings(short_side=256, pixels_up_to=1024)),
}
SHRUNK = "shrunk"


@dataclass(frozen=True)
class Packing:
    """A way to pack, measured.

    Attributes:
        name: The way's, or ``"files"``.
        title: What a table calls it.
        kilobytes: An image's, on average.
        milliseconds: CPU time to pack an image, on one core.
        psnr: Of the packed pixels to those they were written from, in dB, on average over images; None without loss.
        psnr_worst: The smallest.
        row: Our loader on it.
    """

    name: str
    title: str
    kilobytes: float
    milliseconds: float
    psnr: float | None
    psnr_worst: float | None
    row: Row


@dataclass(frozen=True)
class PackingBench:
    """What was measured.

    Attributes:
        ways: The files, then every way to pack them.
        peers: torchvision.io's loader on the files, and on files that hold what the shrunk shards hold.
        answers: How the peer's batches compare with ours on the shrunk images, crops and flips being the same.
        machine: See `machine.describe`.
        versions: Versions of the packages timed.
        settings: The arguments of `run`.
        command: The process's command line.
    """

    ways: tuple[Packing, ...]
    peers: dict[str, Row]
    answers: Answers
    machine: dict[str, Any]
    versions: dict[str, str | None]
    settings: dict[str, Any]
    command: str

    @property
    def to_files(self) -> dict[str, float]:
        """For each way, the loader's rate over its own on files."""
        files = self.ways[0].row.images_per_second
        return {way.name: way.row.images_per_second / files for way in self.ways}

    @property
    def to_peer(self) -> float:
        """Our rate on shrunk shards over the peer's on the same images."""
        (shrunk,) = [way for way in self.ways if way.name == SHRUNK]
        return shrunk.row.images_per_second / self.peers[SHRUNK].images_per_second

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "ways": [_way(way, self.to_files[way.name]) for way in self.ways],
            "peers": {name: _rates(row) for name, row in self.peers.items()},
            "ratio_to_files": round(self.to_files[SHRUNK], 3),
            "ratio_to_peer": round(self.to_peer, 3),
            "answers": asdict(self.answers),
            "machine": self.machine,
            "versions": self.versions,
            "settings": self.settings,
            "seed": self.settings["seed"],
            "command": self.command,
        }


def _rates(row: Row) -> dict[str, Any]:
    rounds = [round(rate, 1) for rate in row.rounds]
    return {"title": row.title, "images_per_second": round(row.images_per_second, 1), "rounds": rounds, "clock": "cpu"}


def _way(way: Packing, ratio: float) -> dict[str, Any]:
    measured = {name: getattr(way, name) for name in ("kilobytes", "milliseconds", "psnr", "psnr_worst")}
    rounded = {name: None if value is None else round(value, 2) for name, value in measured.items()}
    return {"name": way.name, **_rates(way.row), **rounded, "ratio_to_files": round(ratio, 3)}


def run(settings: PackingTiming | None = None, *, track: Track = untracked) -> PackingBench:
    """Packs photographs in every way, compares answers, and times the loader on all of them in turns, on one core.

    Args:
        settings: How much is timed.
        track: Shows progress.

    Raises:
        AnswersDifferError: If a way without loss changes a batch, or the peer's batches aren't ours.
    """
    settings = settings or PackingTiming()
    work = Work(batch_size=settings.batch_size, interpolation=settings.interpolation, seed=settings.seed)
    torch.manual_seed(settings.seed)
    with tempfile.TemporaryDirectory(prefix="impasto-bench-") as temporary:
        folder = Path(temporary)
        (folder / "files").mkdir()
        files = write_files(folder / "files", settings.images, seed=settings.seed, quality=settings.quality)
        ways = [_files(files, settings.quality, work), *(_packed(files, work, folder / name, name) for name in WAYS)]
        shrunk = unpacked(folder / SHRUNK, folder / "unpacked", files)
        peers = {
            name: Row(name, torchvision_io.TITLE, 0, torchvision_io.open_loader(given, work, workers=0))
            for name, given in (("files", files), (SHRUNK, shrunk))
        }
        _check_lossless(ways)
        answers = compare(shrunk, work, (torchvision_io,))
        take_turns([*(way.row for way in ways), *peers.values()], rounds=settings.rounds, track=track)
    return PackingBench(
        ways=tuple(ways),
        peers=peers,
        answers=answers,
        machine=machine.describe(),
        versions=machine.versions("impasto", "torch", "torchvision"),
        settings=asdict(settings),
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _files(files: Files, quality: int, work: Work) -> Packing:
    kilobytes = sum(Path(path).stat().st_size for path in files.paths) / len(files) / 1000
    row = Row("files", f"files of 640x480, quality {quality}", 0, ours.open_loader(files, work, workers=0))
    return Packing("files", row.title, kilobytes, 0.0, None, None, row)


def _packed(files: Files, work: Work, folder: Path, name: str) -> Packing:
    title, settings = WAYS[name]
    data = sources.open(files.annotations, images=files.folder)
    began = time.process_time()
    done: PackedData = pack(data, folder, replace(settings, shard_size=100))
    milliseconds = 1e3 * (time.process_time() - began) / len(files)
    shards = sources.open(folder)
    row = Row(name, title, 0, ours.open_loader(files, work, workers=0, data=shards))
    loss = [] if settings.short_side is None or settings.pixels_up_to else list(_psnr(files, shards))
    mean, worst = (float(np.mean(loss)), min(loss)) if loss else (None, None)
    return Packing(name, title, done.bytes / done.samples / 1000, milliseconds, mean, worst, row)


def _psnr(files: Files, shards: sources.Source) -> Iterable[float]:
    """Of each shrunk image to the pixels that it was written from, in dB."""
    for number, path in enumerate(files.paths):
        packed = ops.decode(shards[number].image)
        wanted = ops.resize(ops.decode(path), packed.shape[:2])
        yield 10 * math.log10(255**2 / float(np.square(packed.astype(float) - wanted).mean()))


def _check_lossless(ways: Iterable[Packing]) -> None:
    """The ways that change no pixel give the batches that the files give, to the bit."""
    rows = {way.name: way.row for way in ways}

    def epoch(name: str) -> Iterable[Batch]:
        loader = rows[name].loader
        assert isinstance(loader, Loader)
        loader.set_epoch(0)
        return loader

    for name in ("kept", "restart rows", "restart mcus"):
        for step, (one, other) in enumerate(zip(epoch("files"), epoch(name), strict=True)):
            if not torch.equal(one.images, other.images) or one.captions != other.captions:
                raise AnswersDifferError(f"batch {step}: {rows[name].title} changes what the files give")
