"""A whole data set as tar shards: made once, resumed where it stopped, read by whoever reads WebDataset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from impasto.errors import SourceError
from impasto.jobs.fingerprint import fingerprint
from impasto.jobs.job import Job
from impasto.jobs.packing.index import write_index
from impasto.jobs.packing.settings import PackSettings
from impasto.jobs.packing.shard import PackedShard, pack_shard
from impasto.jobs.running.engine import Engine
from impasto.jobs.shards import BAD, report_path, shard_path, shard_pattern, write_bad
from impasto.progress import Progress, silent
from impasto.sources import Source


@dataclass(frozen=True)
class PackedData:
    """What `pack` wrote.

    Attributes:
        shards: The pattern of the shards, for ``impasto.sources.WebDataset`` and webdataset.
        index: The file that lists them with their samples, sizes and digests.
        samples: How many they hold.
        bytes: What they take.
        done: To how many images what was done: ``kept``, ``shrunk``, ``turned``, ``restarts``, ``pixels``; and
            ``irregular``: kept, as a JPEG's data are in no order that restart markers could be put into.
        bad: What was left out, under ``on_error="skip"``; also in ``bad_samples.jsonl``.
        unused_captions: How many captions could not be read, of samples that have others; their ``.json`` says why.
        done_before: How many shards an earlier run had written.
    """

    shards: str
    index: str
    samples: int
    bytes: int
    done: dict[str, int]
    bad: tuple[dict[str, Any], ...]
    unused_captions: int
    done_before: int


def pack(
    source: Source,
    out: str | Path,
    settings: PackSettings | None = None,
    *,
    workers: int = 0,
    engine: Engine = "processes",
    progress: Progress = silent,
) -> PackedData:
    """Writes a data set, with all captions and labels, as WebDataset tar shards with an index.

    The bytes depend on data set and settings alone, not on workers or interruptions. A run that was stopped, by Ctrl-C
    or in any other way, goes on when it is called again with the same arguments; shards that are complete are left
    alone. See `impasto.jobs.verify` for a look at what was written. A format's facts (boxes, answers) stay behind.

    Args:
        source: The data set.
        out: The folder of the shards; new, empty, or of the same job. On a Ray cluster all machines see it.
        settings: What is written; by default all images keep their bytes.
        workers: Processes, each of which writes one shard at a time; 0 does all in this one.
        engine: Where workers run, ``"processes"`` or ``"ray"``; see `run_pieces`.
        progress: Called with samples done, after every shard.

    Returns:
        What was written.

    Raises:
        RecipeError: If the folder holds another job, or a value makes no sense.
        SourceError: If the folder holds something else or can't be written, or not one sample could be used.
        JobError: If another run works in the folder, or a worker was lost.
        ImpastoError: Of the kind that fits the first sample that can't be used, under ``on_error="raise"``.
        MissingExtraError: If Ray is not installed, which the engine asks for.
    """
    settings = settings or PackSettings()
    folder, rows = Path(out), len(source)
    job = Job(
        folder,
        {"format": "impasto-pack-1", "settings": settings.identity(), "data": fingerprint(source)},
        [len(settings.rows_of(rows, number)) for number in range(settings.shards(rows))],
        lambda number: (shard_path(folder, settings.prefix, number), report_path(folder, settings.prefix, number)),
    )
    work = partial(pack_shard, source, folder, settings)
    done_before = job.run(work, workers=workers, engine=engine, progress=progress)
    reports = job.reports(lambda number, document: PackedShard.of(document, job.sizes[number]))
    bad = tuple(entry for report in reports for entry in report.bad)
    write_bad(folder, list(bad))
    if not any(report.samples for report in reports):
        why = f"not one sample could be used; the first: {bad[0]['reason']}" if bad else "the data set has no rows"
        raise SourceError(why, path=str(folder / BAD) if bad else None)
    names = [shard_path(folder, settings.prefix, number).name for number in range(len(reports))]
    return PackedData(
        shards=shard_pattern(folder, settings.prefix, len(reports)),
        index=str(write_index(folder, dict(zip(names, reports, strict=True)))),
        samples=sum(report.samples for report in reports),
        bytes=sum(report.bytes for report in reports),
        done={name: sum(report.done[name] for report in reports) for name in reports[0].done},
        bad=bad,
        unused_captions=sum(report.unused_captions for report in reports),
        done_before=done_before,
    )
