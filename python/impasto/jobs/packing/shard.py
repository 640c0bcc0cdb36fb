"""One packed shard: a pure function of data set, settings and the shard's number."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from impasto.checks import is_count
from impasto.errors import ImpastoError, SourceError, located
from impasto.files import new_file
from impasto.jobs.job import write_report
from impasto.jobs.packing.images import DONE, PackedImage, pack_image
from impasto.jobs.packing.settings import PackSettings
from impasto.jobs.rows import Row, bad_entry, read_row
from impasto.jobs.shards import add_sample, open_shard, report_path, sample_members, shard_path
from impasto.sources import Source


@dataclass
class PackedShard:
    """What is in a shard.

    Attributes:
        samples: How many.
        bytes: The shard's size.
        sha256: And its digest.
        done: Of how many images it was what, by the names in `impasto.jobs.packing.images`.
        bad: What could not be used: ``key``, ``row``, ``path``, ``error`` and ``reason`` of each.
        unused_captions: How many captions could not be read, of samples that have others.
    """

    samples: int = 0
    bytes: int = 0
    sha256: str = ""
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DONE, 0))
    bad: list[dict[str, Any]] = field(default_factory=list)
    unused_captions: int = 0

    @classmethod
    def of(cls, document: Any, size: int) -> PackedShard:
        """A report as it was written.

        Args:
            document: What `json.loads` gave.
            size: How many samples the shard has, with the bad.

        Raises:
            ValueError: If it is no report of such a shard.
            TypeError: Likewise.
        """
        report = cls(**document)
        counts = [report.samples, report.bytes, report.unused_captions, *report.done.values()]
        entries = isinstance(report.bad, list) and all(isinstance(entry, dict) for entry in report.bad)
        whole = all(is_count(count) and count >= 0 for count in counts) and entries and len(report.sha256) == 64
        if not whole or not report.samples == sum(report.done.values()) == size - len(report.bad):
            raise ValueError(f"it does not add up to a shard of {size} samples")
        return report


def pack_shard(source: Source, folder: str | Path, settings: PackSettings, number: int) -> PackedShard:
    """Writes one shard and its report.

    Samples have the members ``.jpg`` (or ``.png``, ``.webp``), ``.txt`` (the first caption), ``.cls`` (the label) and
    ``.json``: the source's ``key``, ``caption``, ``captions``, ``label``, ``width`` and ``height``, and what is wrong
    with further captions, ``unused_captions``. Their names are the rows' numbers. The shard appears when it is complete
    and on the disk, and the report after it.

    Args:
        source: The data set.
        folder: Where the shard goes; it must exist.
        settings: What is written.
        number: Which shard, from 0.

    Returns:
        The report.

    Raises:
        ImpastoError: Of the kind that fits the first sample that can't be used, under ``on_error="raise"``.
        SourceError: If the shard can't be written.
    """
    path = shard_path(Path(folder), settings.prefix, number)
    report = PackedShard()
    try:
        with new_file(path, durable=True) as partial:
            with open_shard(partial) as shard:
                for row in settings.rows_of(len(source), number):
                    try:
                        read, image = _pack_row(source, row, settings)
                    except ImpastoError as error:
                        if settings.on_error == "raise":
                            raise
                        report.bad.append(bad_entry(error, row))
                        continue
                    size = {"width": image.width, "height": image.height}
                    add_sample(shard, f"{row:08d}", sample_members(read, image.ending, image.content, **size))
                    report.samples += 1
                    report.unused_captions += len(read.unused)
                    report.done[image.done] += 1
            report.bytes, report.sha256 = digest(partial)
        write_report(report_path(Path(folder), settings.prefix, number), asdict(report))
    except OSError as error:
        if isinstance(error, ImpastoError):
            raise
        raise SourceError(f"the shard can't be written: {error}; check the folder", path=str(path)) from error
    return report


def digest(path: Path, by: str = "sha256") -> tuple[int, str]:
    """A file's size in bytes, and its checksum by one of ``hashlib``'s algorithms."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(by, usedforsecurity=False)).hexdigest()
        return file.tell(), found


def _pack_row(source: Source, number: int, settings: PackSettings) -> tuple[Row, PackedImage]:
    row = read_row(source, number)
    try:
        return row, pack_image(row.data, settings)
    except ImpastoError as error:
        raise located(error, row.key, row.path) from error
