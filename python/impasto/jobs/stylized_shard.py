"""One tar shard of stylized copies: a pure function of data set, model, settings and the shard's number."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

import torch

from impasto import ops
from impasto.checks import is_count
from impasto.errors import ImpastoError, SourceError
from impasto.files import new_file
from impasto.jobs.images import encode_image, shown_as
from impasto.jobs.job import write_report
from impasto.jobs.rows import bad_entry
from impasto.jobs.shards import add_sample, open_shard, report_path, sample_members, shard_path
from impasto.jobs.stylize_settings import WINDOW, StylizeSettings
from impasto.jobs.stylized_images import Item, paint, read_items
from impasto.sources import Source
from impasto.style import StyleRandomizer


@dataclass
class ShardReport:
    """What is in a shard.

    Attributes:
        images: How many.
        stylized: How many of them are not as they were.
        bad: What could not be used: ``key``, ``row``, ``copy``, ``path``, ``error`` and ``reason`` of each.
    """

    images: int = 0
    stylized: int = 0
    bad: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, document: Any, size: int) -> ShardReport:
        """A report as it was written.

        Args:
            document: What `json.loads` gave.
            size: How many images the shard has, with the bad.

        Raises:
            ValueError: If it is no report of such a shard.
            TypeError: Likewise.
        """
        report = cls(**document)
        counts = is_count(report.images) and is_count(report.stylized) and 0 <= report.stylized <= report.images
        entries = isinstance(report.bad, list) and all(isinstance(entry, dict) for entry in report.bad)
        if not counts or not entries or report.images + len(report.bad) != size:
            raise ValueError(f"it does not add up to a shard of {size} images")
        return report


def stylize_shard(
    source: Source, folder: str | Path, randomizer: StyleRandomizer, settings: StylizeSettings, number: int
) -> ShardReport:
    """Writes one shard, ``{prefix}-00000.tar`` with the shard's number, and its report beside it.

    Samples have the members ``.jpg`` (or ``.png``), ``.txt`` (the first caption), ``.cls`` (the label) and ``.json``:
    the source's ``key``, ``caption``, ``captions``, ``label``, ``copy``, ``stylized``, ``alpha``, ``style_seed``,
    ``width`` and ``height``. `draw_style` draws the same style again from the seed. Images that are neither stylized
    nor scaled keep their bytes.

    The shard appears when it is complete, and the report after it. Any process or machine may write any shard, in any
    order.

    Args:
        source: The data set.
        folder: Where the shard goes; it must exist.
        randomizer: Stylizes, on its own device. Its alpha, ratio and seed have no say; the settings' have.
        settings: What is written.
        number: Which shard, from 0.

    Returns:
        The report.

    Raises:
        ImpastoError: Of the kind that fits the first image that can't be used, under ``on_error="raise"``.
        SourceError: If the shard can't be written.
        MissingExtraError: If Pillow is not installed.
    """
    path = shard_path(Path(folder), settings.prefix, number)
    report = ShardReport()

    def refuse(error: ImpastoError, row: int, copy: int) -> None:
        if settings.on_error == "raise":
            raise error
        report.bad.append(bad_entry(error, row, copy=copy))

    items = settings.items(len(source), number)
    try:
        with new_file(path) as partial, open_shard(partial) as shard, _threads() as pool:
            for start in range(0, len(items), WINDOW):
                read = read_items(source, items[start : start + WINDOW], settings.size, pool, refuse)
                kept = paint(read, randomizer, settings, refuse)
                for item, (ending, content) in zip(kept, pool.map(_encode, kept, repeat(settings)), strict=True):
                    add_sample(shard, f"{item.row.number:08d}_{item.copy:02d}", _members(item, ending, content))
                    report.images += 1
                    report.stylized += item.plan is not None
        report.bad.sort(key=lambda entry: (entry["copy"], entry["row"]))
        write_report(report_path(Path(folder), settings.prefix, number), asdict(report))
    except OSError as error:
        if isinstance(error, ImpastoError):
            raise
        raise SourceError(f"the shard can't be written: {error}; check the folder", path=str(path)) from error
    return report


@contextmanager
def _threads() -> Iterator[Executor]:
    """Threads that read and encode; what they have not begun when the context ends is dropped."""
    pool = ThreadPoolExecutor(max(1, min(4, torch.get_num_threads())))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _encode(item: Item, settings: StylizeSettings) -> tuple[str, bytes]:
    """The ending and the bytes of an image's file."""
    if item.plan is None and not item.scaled:
        return {"jpeg": "jpg"}.get(kind := ops.probe(item.row.data).format, kind), item.row.data
    orientation = shown_as(ops.probe(item.row.data), "ignore")
    return settings.format, encode_image(item.pixels, settings.format, settings.quality, orientation=orientation)


def _members(item: Item, ending: str, content: bytes) -> dict[str, bytes]:
    height, width = item.pixels.shape[:2]
    return sample_members(
        item.row,
        ending,
        content,
        copy=item.copy,
        stylized=item.plan is not None,
        alpha=None if item.plan is None else float(item.plan.alphas[0]),
        style_seed=item.style_seed,
        width=width,
        height=height,
    )
