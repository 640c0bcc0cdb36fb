"""A list of URLs, fetched into shards: begun, stopped, gone on with, tried again, added up."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from impasto.checks import flag, instance, is_count, path, require
from impasto.errors import ImpastoError, SourceError
from impasto.extras import need
from impasto.files import new_file
from impasto.jobs.fetching.crawl import Crawl
from impasto.jobs.fetching.listing import Listing, look_through
from impasto.jobs.fetching.outcome import FIELDS
from impasto.jobs.fetching.settings import FetchSettings
from impasto.jobs.fetching.shard import shard_files
from impasto.jobs.fetching.written import shard_records
from impasto.jobs.job import Job
from impasto.progress import Progress, silent
from impasto.sources import WebList

#: The file where the dead links are listed.
FAILED = "failed.jsonl"


@dataclass(frozen=True)
class FetchedData:
    """What `fetch` brought.

    Attributes:
        shards: The pattern of the shards, for ``impasto.sources.WebDataset``.
        rows: Of the list.
        images: How many of them have one now.
        failed: How many have none.
        reasons: Why, by how often; each link is in ``failed.jsonl`` and in its shard's Parquet file.
        repeated: Rows whose link came before in the list; it is fetched once.
        done_before: How many shards earlier runs had written.
    """

    shards: str
    rows: int
    images: int
    failed: int
    reasons: dict[str, int]
    repeated: int
    done_before: int

    @property
    def lived(self) -> float:
        """The share of the rows that have an image, in [0, 1]."""
        return self.images / self.rows


def fetch(
    list: str | Path,
    out: str | Path,
    settings: FetchSettings | None = None,
    *,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> FetchedData:
    """Downloads the images of a list of URLs into tar shards, in img2dataset's layout.

    A shard is ``00000.tar`` with the members ``.jpg`` (``.png``, ``.webp``), ``.txt`` and ``.json`` of every image that
    lived, ``00000.parquet`` with the record of every row, and ``00000_stats.json``. Rows are in the order of the list,
    whatever came first. Links that come again are fetched once; every row has its sample. A run that was stopped, by
    Ctrl-C or in any other way, goes on when it is called again; shards that are complete are left alone.

    Only public addresses are asked, by http and https, as robots.txt and X-Robots-Tag allow; see `FetchSettings`.

    Args:
        list: The list, as `impasto.sources.WebList` reads it.
        out: The folder of the shards; new, empty, or of the same job.
        settings: What is written and how it is fetched.
        retry_failed: Whether links that were dead in earlier runs are tried again.
        progress: Called with the rows that are settled and all rows.

    Returns:
        What there is now.

    Raises:
        RecipeError: If the folder holds another job, or a value makes no sense.
        SourceError: If the list can't be read, the folder can't be used or written, or not one link lived.
        JobError: If another run works in the folder.
        MissingExtraError: If a package of the extra ``fetch`` is not installed.
    """
    settings = settings or FetchSettings()
    instance("settings", settings, FetchSettings)
    flag("retry_failed", retry_failed)
    taken = {"url", "caption", *FIELDS} & {*settings.columns}
    require(not taken, f"columns={settings.columns!r}: records have {', '.join(sorted(taken))} already; leave it out")
    if _in_a_loop():  # a notebook's: two don't run in one thread
        return _elsewhere(list, out, settings, retry_failed, progress or silent)
    for package in ("aiohttp", "pyarrow", *(["protego"] if settings.robots else [])):
        need(package, "fetch")
    folder = Path(path("out", out))
    web_list = WebList(
        list, url=settings.url, caption=settings.caption, captions=settings.captions, columns=settings.columns
    )
    listing = look_through(web_list)
    if not listing.rows:
        raise SourceError("the list is empty: it holds no rows; check the path", path=web_list.path)
    job = _job(folder, listing, settings)
    again = _with_failures(job) if retry_failed else frozenset()
    try:
        with _crawling(folder, web_list, listing, settings, progress or silent, job, again) as crawl:
            done_before = job.run(crawl, again=again)
        return _totals(job, listing, done_before)
    except OSError as error:
        if isinstance(error, ImpastoError):
            raise
        raise SourceError(f"the shards can't be written: {error}; check the folder", path=str(folder)) from error


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _elsewhere(
    source: str | Path, out: str | Path, settings: FetchSettings, retry_failed: bool, progress: Progress
) -> FetchedData:
    """Fetches in a thread of its own, and stops it when this one is interrupted."""
    stopped = Event()

    def stoppable(done: int, total: int) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        progress(done, total)

    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(fetch, source, out, settings, retry_failed=retry_failed, progress=stoppable).result()
        except KeyboardInterrupt:
            stopped.set()
            raise


def _job(folder: Path, listing: Listing, settings: FetchSettings) -> Job:
    size = settings.shard_size
    starts = range(0, listing.rows, size)
    identity = {
        "format": "impasto-fetch-2",
        "list": {"rows": listing.rows, "pairs": listing.digest},
        "settings": settings.bytes_depend_on,
    }
    sizes = [min(size, listing.rows - start) for start in starts]
    return Job(folder, identity, sizes, lambda number: shard_files(folder, number))


class _Crawling:
    """Completes the shard of a number; the crawl begins with the first that is asked for, once the folder is ours."""

    def __init__(self, begin: Any) -> None:
        self._begin = begin
        self._runner: asyncio.Runner | None = None
        self._crawl: Crawl | None = None

    def __call__(self, number: int) -> None:
        if self._runner is None or self._crawl is None:
            self._runner, self._crawl = asyncio.Runner(), self._begin()
            self._runner.run(self._crawl.begin())
        self._runner.run(self._crawl.complete(number))

    def close(self) -> None:
        if self._runner is not None and self._crawl is not None:
            try:
                self._runner.run(self._crawl.close())
            finally:
                self._runner.close()


@contextmanager
def _crawling(
    folder: Path,
    web_list: WebList,
    listing: Listing,
    settings: FetchSettings,
    progress: Progress,
    job: Job,
    again: frozenset[int],
) -> Iterator[_Crawling]:
    def begin() -> Crawl:
        numbers = job.missing(again)
        return Crawl(folder, web_list, listing, settings, numbers, progress, retry=bool(again))

    crawling = _Crawling(begin)
    try:
        yield crawling
    finally:
        crawling.close()


def _with_failures(job: Job) -> frozenset[int]:
    """The shards that are there and have dead links."""
    missing = {*job.missing()}
    there = [number for number in range(len(job.sizes)) if number not in missing]
    return frozenset(number for number in there if job.report(number, _Counts.of).dead)


@dataclass(frozen=True)
class _Counts:
    """What a shard's report says of it."""

    images: int
    dead: int
    reasons: dict[str, int]

    @classmethod
    def of(cls, _: int, document: Any) -> _Counts:
        images, dead = document["successes"], document["failed_to_download"] + document["failed_to_resize"]
        reasons = {name: count for name, count in document["status_dict"].items() if name != "success"}
        if not all(map(is_count, (images, dead, *reasons.values()))) or sum(reasons.values()) != dead:
            raise ValueError("it does not add up")
        if images + dead != document["count"]:
            raise ValueError(f"it does not add up to a shard of {document['count']} rows")
        return cls(images, dead, reasons)


def _totals(job: Job, listing: Listing, done_before: int) -> FetchedData:
    """Adds up the shards' reports, and lists the dead links."""
    counts = job.reports(_Counts.of)
    reasons: Counter[str] = Counter()
    path = job.folder / FAILED
    with new_file(path) as partial, partial.open("w", encoding="utf-8") as file:
        for number, count in enumerate(counts):
            reasons.update(count.reasons)
            if count.dead:
                file.writelines(_dead_lines(job, number))
    images, last = sum(count.images for count in counts), len(counts) - 1
    if not images:
        often = reasons.most_common(1)[0][0]
        raise SourceError(f"not one of {listing.rows} links gave an image, most often for: {often}", path=str(path))
    shards = job.folder / (f"{{00000..{last:05d}}}.tar" if last else "00000.tar")
    sorted_reasons = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    failed = listing.rows - images
    return FetchedData(str(shards), listing.rows, images, failed, sorted_reasons, len(listing.first), done_before)


def _dead_lines(job: Job, number: int) -> Iterator[str]:
    columns = ("url", "key", "status", "reason", "error_message")
    first = sum(job.sizes[:number])
    for at, record in enumerate(shard_records(shard_files(job.folder, number)[1], columns)):
        if record["status"] != "success":
            yield json.dumps({"row": first + at, **record}, ensure_ascii=False) + "\n"
