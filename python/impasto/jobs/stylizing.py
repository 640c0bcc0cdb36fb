"""Stylized copies of a whole data set, as tar shards: made once, resumed where it stopped, read like any data set."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from impasto.checks import is_number
from impasto.errors import SourceError
from impasto.jobs.fingerprint import fingerprint
from impasto.jobs.job import Job
from impasto.jobs.running.engine import Engine
from impasto.jobs.shards import BAD, report_path, shard_path, shard_pattern, write_bad
from impasto.jobs.stylize_settings import StylizeSettings
from impasto.jobs.stylized_shard import ShardReport, stylize_shard
from impasto.progress import Progress, silent
from impasto.sources import Source
from impasto.style import StyleRandomizer


@dataclass(frozen=True)
class StylizedData:
    """What `stylize_data` wrote.

    Attributes:
        shards: The pattern of the shards, for ``impasto.sources.WebDataset``.
        images: How many they hold.
        stylized: How many of them are not as they were.
        bad: What was left out, under ``on_error="skip"``; also in ``bad_samples.jsonl``.
        done_before: How many shards an earlier run had written.
    """

    shards: str
    images: int
    stylized: int
    bad: tuple[dict[str, Any], ...]
    done_before: int


def stylize_data(
    source: Source,
    out: str | Path,
    randomizer: StyleRandomizer,
    settings: StylizeSettings | None = None,
    *,
    workers: int = 0,
    engine: Engine = "processes",
    progress: Progress | None = None,
) -> StylizedData:
    """Writes stylized copies of a data set's images, with their captions and labels, as WebDataset tar shards.

    The bytes depend on data, model, settings and the kind of device, not on workers or interruptions: a copy's style
    is drawn by the seed, the sample's key and the copy's number. A run that was stopped, by Ctrl-C or in any other way,
    goes on when it is called again with the same arguments; shards that are complete are left alone. See
    `stylize_shard` for what a sample holds.

    Args:
        source: The data set.
        out: The folder of the shards; new, empty, or of the same job. On a Ray cluster all machines see it.
        randomizer: Stylizes, on its own device. Its alpha, ratio and seed have no say; the settings' have.
        settings: What is written; one copy of each image at alpha 0.5 by default.
        workers: Processes, each of which writes one shard at a time; 0 does all in this one. On a CPU each takes one
            core.
        engine: Where workers run, ``"processes"`` or ``"ray"``; see `run_pieces`.
        progress: Called after every shard.

    Returns:
        What was written.

    Raises:
        RecipeError: If the folder holds another job, or a value makes no sense.
        SourceError: If the folder holds something else or can't be written, or not one image could be used.
        JobError: If another run works in the folder, or a worker was lost.
        ImpastoError: Of the kind that fits the first image that can't be used, under ``on_error="raise"``.
        MissingExtraError: If Pillow is not installed, or Ray, which the engine asks for.
    """
    settings = settings or StylizeSettings()
    folder, rows = Path(out), len(source)
    job = Job(
        folder,
        _identity(source, randomizer, settings),
        [settings.size_of(rows, number) for number in range(settings.shards(rows))],
        lambda number: (shard_path(folder, settings.prefix, number), report_path(folder, settings.prefix, number)),
    )
    work = _Shards(source, folder, randomizer, settings)
    done_before = job.run(work, workers=workers, engine=engine, progress=progress or silent)
    return _totals(job, settings, done_before)


@dataclass(frozen=True, eq=False)
class _Shards:
    """Writes the shard of a number; pickles for any process."""

    source: Source
    folder: Path
    randomizer: StyleRandomizer
    settings: StylizeSettings

    def __call__(self, number: int) -> None:
        stylize_shard(self.source, self.folder, self.randomizer, self.settings, number)

    def __getstate__(self) -> dict[str, Any]:
        # Modules are sent from the CPU: a worker can't always open memory that another process holds on a GPU.
        device = self.randomizer.model.content_mean.device
        return {**self.__dict__, "randomizer": copy.deepcopy(self.randomizer).cpu(), "device": str(device)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["randomizer"].to(state.pop("device"))
        self.__dict__.update(state)


def _identity(source: Source, randomizer: StyleRandomizer, settings: StylizeSettings) -> dict[str, Any]:
    """Everything that the shards depend on, as JSON has it."""
    weights = hashlib.sha256()
    for name, value in sorted(randomizer.model.state_dict().items()):
        weights.update(name.encode() + str(value.dtype).encode())
        weights.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    painter = randomizer.painter
    chosen = asdict(settings)
    del chosen["on_error"]  # a shard that was written under "raise" is the same under "skip"
    for name in ("alpha", "ratio"):
        value = getattr(settings, name)
        chosen[name] = value if is_number(value) or isinstance(value, str | tuple | list) else repr(value)
    return {
        "format": "impasto-stylize-2",
        "settings": chosen,
        "data": fingerprint(source),
        "model": {
            "weights": weights.hexdigest(),
            "base": randomizer.base,
            "downsample": painter.downsample,
            "dtype": str(painter.dtype or torch.float32),  # the model itself is kept in float32
            "device": randomizer.model.content_mean.device.type,
        },
    }


def _totals(job: Job, settings: StylizeSettings, done_before: int) -> StylizedData:
    """Adds up the shards' reports."""
    reports = job.reports(lambda number, document: ShardReport.of(document, job.sizes[number]))
    bad = [entry for report in reports for entry in report.bad]
    write_bad(job.folder, bad)
    images = sum(report.images for report in reports)
    if images == 0:
        why = f"not one image could be used; the first: {bad[0]['reason']}" if bad else "the data set has no rows"
        raise SourceError(why, path=str(job.folder / BAD) if bad else None)
    shards = shard_pattern(job.folder, settings.prefix, len(reports))
    return StylizedData(shards, images, sum(report.stylized for report in reports), tuple(bad), done_before)
