"""Stylized copies of a whole data set, as tar shards: made once, resumed where it stopped, read like any data set."""

from __future__ import annotations

import copy
import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from impasto.checks import is_count, is_number, require
from impasto.errors import RecipeError, SourceError
from impasto.files import aside, new_file
from impasto.jobs.stylized_shard import ShardReport, StylizeSettings, report_path, stylize_shard
from impasto.progress import Progress
from impasto.sources import Source
from impasto.style import StyleRandomizer

#: The file that says what a folder's shards are, and where the bad samples are listed.
JOB, BAD = "job.json", "bad_samples.jsonl"


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
    progress: Progress | None = None,
) -> StylizedData:
    """Writes stylized copies of a data set's images, with their captions and labels, as WebDataset tar shards.

    The bytes depend on data, model, settings and the kind of device, not on workers or interruptions: a copy's style
    is drawn by the seed, the sample's key and the copy's number. A run that was stopped goes on when it is called
    again with the same arguments; shards that are complete are left alone. See `stylize_shard` for what a sample holds.

    Args:
        source: The data set.
        out: The folder of the shards; new, empty, or of the same job.
        randomizer: Stylizes, on its own device. Its alpha, ratio and seed have no say; the settings' have.
        settings: What is written; one copy of each image at alpha 0.5 by default.
        workers: Processes, each of which writes one shard at a time; 0 does all in this one. On a CPU each takes one
            core.
        progress: Called after every shard.

    Returns:
        What was written.

    Raises:
        RecipeError: If the folder holds another job, or a value makes no sense.
        SourceError: If the folder holds something else or can't be written, or not one image could be used.
        ImpastoError: Of the kind that fits the first image that can't be used, under ``on_error="raise"``.
        MissingExtraError: If Pillow is not installed.
    """
    settings = settings or StylizeSettings()
    require(is_count(workers) and workers >= 0, f"workers={workers!r} must be a whole number, 0 or more")
    folder = Path(out)
    count = settings.shards(len(source))
    _claim(folder, _job(source, randomizer, settings))
    missing = [number for number in range(count) if not _is_done(settings.path(folder, number))]
    total = len(source) * (settings.copies + settings.keep_original)
    done = total - sum(len(settings.items(len(source), number)) for number in missing)
    for number in _write(source, folder, randomizer, settings, missing, workers):
        done += len(settings.items(len(source), number))
        if progress is not None:
            progress(done, total)
    return _finish(folder, settings, count, done_before=count - len(missing))


def _write(
    source: Source,
    folder: Path,
    randomizer: StyleRandomizer,
    settings: StylizeSettings,
    numbers: Sequence[int],
    workers: int,
) -> Iterator[int]:
    """Writes shards, and yields the number of each when it is complete."""
    if workers == 0 or len(numbers) < 2:
        for number in numbers:
            stylize_shard(source, folder, randomizer, settings, number)
            yield number
        return
    device = randomizer.model.content_mean.device
    # Modules are sent from the CPU: a worker can't always open memory that another process holds on a GPU.
    given = (source, folder, copy.deepcopy(randomizer).cpu(), settings, str(device))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(numbers)), context, _begin, given)
    try:
        futures = {pool.submit(_work, number): number for number in numbers}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    finally:
        pool.shutdown(cancel_futures=True)


_given: tuple[Source, Path, StyleRandomizer, StylizeSettings] | None = None


def _begin(source: Source, folder: Path, randomizer: StyleRandomizer, settings: StylizeSettings, device: str) -> None:
    """Prepares a worker process."""
    global _given
    torch.set_num_threads(1)
    _given = source, folder, randomizer.to(device), settings


def _work(number: int) -> None:
    assert _given is not None
    source, folder, randomizer, settings = _given
    stylize_shard(source, folder, randomizer, settings, number)


def _job(source: Source, randomizer: StyleRandomizer, settings: StylizeSettings) -> dict[str, Any]:
    """Everything that the shards depend on, as JSON has it."""
    keys = hashlib.sha256()
    for row in range(len(source)):
        keys.update(source.key(row).encode() + b"\0")
    weights = hashlib.sha256()
    for name, value in sorted(randomizer.model.state_dict().items()):
        weights.update(name.encode() + str(value.dtype).encode())
        weights.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    painter = randomizer.painter
    chosen = asdict(settings)
    del chosen["on_error"]  # a shard that was written under "raise" is the same under "skip"
    for name in ("alpha", "ratio"):  # a range is a list in JSON, a distribution its text
        value = chosen[name]
        chosen[name] = list(value) if isinstance(value, tuple | list) else value
        if not isinstance(chosen[name], list | str) and not is_number(value):
            chosen[name] = repr(getattr(settings, name))
    return {
        "format": "impasto-stylize-1",
        "settings": chosen,
        "data": {"rows": len(source), "keys": keys.hexdigest()},
        "model": {
            "weights": weights.hexdigest(),
            "base": randomizer.base,
            "downsample": painter.downsample,
            "dtype": str(painter.dtype or torch.float32),  # the model itself is kept in float32
            "device": randomizer.model.content_mean.device.type,
        },
    }


def _claim(folder: Path, job: dict[str, Any]) -> None:
    """Sees that a folder is this job's, or makes it so."""
    path = folder / JOB
    try:
        if path.exists():
            _compare(json.loads(path.read_text(encoding="utf-8")), job, path)
            return
        if folder.exists() and (not folder.is_dir() or set(folder.iterdir()) - {aside(path)}):
            reason = f"it holds something else than stylized data (no {JOB}); choose another folder, or remove it"
            raise SourceError(reason, path=str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(path) as partial:
            partial.write_text(json.dumps(job, indent=2) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError | RecipeError):
            raise
        raise SourceError(f"the folder can't be used: {error}; check it", path=str(path)) from error


def _compare(there: Any, here: dict[str, Any], path: Path) -> None:
    if not isinstance(there, dict) or there.get("format") != here["format"]:
        raise SourceError("it is not a job of `stylize`; choose another folder", path=str(path))
    differences = []
    for part in ("settings", "data", "model"):
        known: dict[str, Any] = there[part] if isinstance(there.get(part), dict) else {}
        for name in sorted(known.keys() | here[part].keys()):
            old, new = known.get(name), here[part].get(name)
            if old != new:
                hashed = name in ("keys", "weights")
                differences.append(f"{part} have other {name}" if hashed else f"{name} was {old!r} and is {new!r}")
    if differences:
        reason = f"the folder holds another job: {', '.join(differences)}; choose another folder, or the same settings"
        raise RecipeError(reason, path=str(path))


def _is_done(shard: Path) -> bool:
    return shard.exists() and report_path(shard).exists()


def _finish(folder: Path, settings: StylizeSettings, count: int, *, done_before: int) -> StylizedData:
    """Adds up the shards' reports."""
    reports = []
    for number in range(count):
        path = report_path(settings.path(folder, number))
        try:
            reports.append(ShardReport(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            reason = f"the shard's report can't be read: {error}; remove the shard and run again"
            raise SourceError(reason, path=str(path)) from error
    bad = [entry for report in reports for entry in report.bad]
    if bad:
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in bad)
        (folder / BAD).write_text(lines, encoding="utf-8")
    images = sum(report.images for report in reports)
    if images == 0:
        raise SourceError(f"not one image could be used; the first: {bad[0]['reason']}", path=str(folder / BAD))
    span = f"{{00000..{count - 1:05d}}}" if count > 1 else "00000"
    shards = str(folder / f"{settings.prefix}-{span}.tar")
    return StylizedData(shards, images, sum(report.stylized for report in reports), tuple(bad), done_before)
