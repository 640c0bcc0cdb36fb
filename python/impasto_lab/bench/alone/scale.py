"""The loader against how much there is: samples, workers, ranks; how soon a large data set starts and goes on."""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import PIL.Image

from impasto.jobs import ShardWriter
from impasto.loading import BatchSampler, Loader
from impasto.recipe import ImageRecipe, Recipe, TextRecipe
from impasto.sources import WebDataset
from impasto.streams import stream
from impasto_lab.bench import machine, quiet
from impasto_lab.bench.settings import ScaleTiming
from impasto_lab.bench.timing import Track, untracked

#: Samples of a shard; further shards are links to the first.
SHARD = 10_000
_SIDE = 32


@dataclass(frozen=True, kw_only=True)
class ScaleBench(machine.Recorded):
    """What was measured.

    Attributes:
        rows: For each number of samples, workers and ranks: samples a second, and its kind.
        start: For each number of samples: CPU seconds (files are in memory, nothing waits) until a source is open with
            its shards indexed for the first time, and again from kept indexes; and until a loader's first batch then.
        resume: Seconds from a state in the middle of a long epoch to the next batch's keys.
    """

    rows: tuple[dict[str, Any], ...]
    start: tuple[dict[str, Any], ...]
    resume: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "rows": list(self.rows),
            "start": list(self.start),
            "resume": self.resume,
            **self.circumstances(),
        }


def run(settings: ScaleTiming | None = None, *, track: Track = untracked) -> ScaleBench:
    """Renders shards, starts from them, and loads from them.

    Args:
        settings: How much.
        track: Shows progress.

    Raises:
        RecipeError: If a number makes no sense.
    """
    settings = settings or ScaleTiming()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="impasto-scale-") as temporary:
        shards = {samples: _render(Path(temporary), samples, settings.seed) for samples in settings.samples}
        start = [_start(samples, shards[samples], settings) for samples in settings.samples]
        most, load = shards[max(settings.samples)], quiet.load()
        cases = [("samples", samples, shards[samples], 1, 1) for samples in settings.samples]
        cases += [("workers", workers, most, workers, 1) for workers in settings.workers]
        cases += [("ranks", ranks, most, 1, ranks) for ranks in settings.ranks]
        for number in track(range(len(cases)), "loading"):
            kind, count, files, workers, ranks = cases[number]
            rate = _rate(files, workers, settings) if ranks == 1 else _rate_of_ranks(files, ranks, settings)
            rows.append({"kind": kind, "count": count, "samples_per_second": round(rate, 1)})
    return ScaleBench(
        rows=tuple(rows),
        start=tuple(start),
        resume=_resume(settings),
        machine=machine.describe(),
        versions=machine.versions("impasto", "torch"),
        load=load,
        settings=asdict(settings),
        command=" ".join(["impasto", *sys.argv[1:]]),
    )


def _render(folder: Path, samples: int, seed: int) -> list[str]:
    """Shards of tiny images; all but the first of a size are links to it, so that a million take no more than one."""
    whole, rest = divmod(samples, SHARD)
    sizes = [SHARD] * whole + ([rest] if rest else [])
    place = folder / str(samples)
    place.mkdir()
    paths = []
    for number, size in enumerate(sizes):
        shard = folder / f"of-{size}-00000.tar"
        if not shard.exists():
            _write_shard(folder, size, seed)
        paths.append(str(place / f"{number:05}.tar"))
        os.link(shard, paths[-1])
    return paths


def _write_shard(folder: Path, size: int, seed: int) -> None:
    writer = ShardWriter(folder, f"of-{size}", size)
    for number in range(size):
        rng = stream(seed, "scale", number % 64)
        file = io.BytesIO()
        picture = PIL.Image.fromarray(rng.integers(0, 256, (4, 4, 3), "uint8")).resize((_SIDE, _SIDE))
        picture.save(file, "JPEG", quality=70)
        writer.write(f"{number:08}", {"jpg": file.getvalue(), "txt": f"a picture of color {number % 64}".encode()})
    writer.close()


def _open(files: list[str], workers: int, settings: ScaleTiming, *, rank: int = 0, ranks: int = 1) -> Loader:
    recipe = Recipe(image=ImageRecipe(size=_SIDE), text=TextRecipe(tokenizer=None))
    return Loader(
        WebDataset(files),
        recipe,
        batch_size=settings.batch_size // ranks,
        workers=workers,
        seed=settings.seed,
        rank=rank,
        world_size=ranks,
        manifest=None,
    )


def _start(samples: int, files: list[str], settings: ScaleTiming) -> dict[str, Any]:
    """The first opening walks the shards and keeps their indexes; the second reads these."""
    seconds = []
    for _ in range(2):
        begun = time.process_time()
        source = WebDataset(files)
        seconds.append(time.process_time() - begun)
    begun = time.process_time()
    next(iter(_open(files, 1, settings)))
    whole = time.process_time() - begun
    return {
        "samples": samples,
        "shards": len(files),
        "index_seconds": round(seconds[0], 3),
        "open_seconds": round(seconds[1], 3),
        "first_batch_seconds": round(whole, 3),
        "index_megabytes": round(source.index.nbytes / 1e6, 1),
    }


def _rate(files: list[str], workers: int, settings: ScaleTiming) -> float:
    return sum(_counted(_open(files, workers, settings), settings.batches))


def _counted(loader: Loader, batches: int) -> list[float]:
    """Samples a second; over epochs where one is too short.

    The clock begins when what was made ahead of the first batch has been taken: more may be made at once there than in
    the time that is counted.
    """
    samples = begun = 0.0
    ahead = 1 + loader.prefetch * max(loader.workers, 1)
    taken = 0
    while taken < ahead + batches:
        for batch in islice(loader, ahead + batches - taken):
            taken += 1
            if taken > ahead:
                samples += len(batch)
            elif taken == ahead:
                begun = time.perf_counter()
    return [samples / (time.perf_counter() - begun)]


_barrier: Any = None


def _join(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _rank(files: list[str], rank: int, ranks: int, settings: ScaleTiming) -> float:
    loader = _open(files, 1, settings, rank=rank, ranks=ranks)
    _barrier.wait(timeout=600)
    (rate,) = _counted(loader, settings.batches)
    return rate


def _rate_of_ranks(files: list[str], ranks: int, settings: ScaleTiming) -> float:
    """The sum of what processes reach that begin together."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(ranks)
    with ProcessPoolExecutor(ranks, context, initializer=_join, initargs=(barrier,)) as pool:
        return sum(pool.map(_rank, [files] * ranks, range(ranks), [ranks] * ranks, [settings] * ranks))


def _resume(settings: ScaleTiming) -> dict[str, Any]:
    """What a loader does to go on: read its state, find its place, draw the samples of the next batch."""
    length, batch_size = settings.epoch, settings.batch_size
    half = length // batch_size // 2 * batch_size
    state = {**BatchSampler(length, batch_size, seed=settings.seed).state_dict(), "epoch": 3, "samples": half}
    begun = time.perf_counter()
    sampler = BatchSampler(length, batch_size, seed=settings.seed)
    sampler.load_state_dict(state)
    key = next(iter(sampler))
    return {
        "samples": length,
        "at": half,
        "step": key.id.step,
        "seconds": round(time.perf_counter() - begun, 6),
    }
