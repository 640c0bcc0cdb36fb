"""Links on their way, many at a time, over several shards; what comes of them is put where the list has them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from impasto.errors import SourceError
from impasto.jobs.fetching.addresses import check_url
from impasto.jobs.fetching.body import Body
from impasto.jobs.fetching.connecting import open_session
from impasto.jobs.fetching.hosts import HostQueues
from impasto.jobs.fetching.links import DeadLink, Visit
from impasto.jobs.fetching.listing import Listing, link_of
from impasto.jobs.fetching.outcome import Outcome
from impasto.jobs.fetching.pictures import Picture, check_kind
from impasto.jobs.fetching.requesting import request
from impasto.jobs.fetching.robots import Robots, check_tags
from impasto.jobs.fetching.settings import FetchSettings
from impasto.jobs.fetching.shard import Gathering, publish, shard_files, write_shard
from impasto.jobs.fetching.written import Written, read_shard
from impasto.progress import Progress, silent
from impasto.sources import WebList, WebPair
from impasto.streams import stream

if TYPE_CHECKING:
    from aiohttp import ClientResponse

#: So many shards are under way, so that the last slow links of one don't hold up the next.
_SHARDS = 4
#: Threads that wait for name servers.
_RESOLVING = 64
#: Seconds between two tellings of progress.
_TELL = 0.2


class Crawl:
    """Fetches shards, ahead of the one that is asked for.

    Args:
        folder: Where the shards go.
        web_list: The list.
        listing: What is known of it.
        settings: How.
        numbers: The shards, in the order in which they will be asked for.
        progress: Told how many rows are settled.
        retry: Whether shards that are there are fetched again as far as they failed.
    """

    def __init__(
        self,
        folder: Path,
        web_list: WebList,
        listing: Listing,
        settings: FetchSettings,
        numbers: Sequence[int],
        progress: Progress,
        *,
        retry: bool,
    ) -> None:
        self._folder, self._listing, self._settings = folder, listing, settings
        self._numbers, self._progress, self._retry = numbers, progress, retry
        self._rows: Iterator[WebPair] = iter(web_list)
        self._at = 0
        self._written = Written(folder, settings.shard_size, set(listing.first.values()))
        self._shards: dict[int, Gathering] = {}
        self._settled, self._told = listing.rows - sum(len(self._range(number)) for number in numbers), 0.0
        self._held = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: Exception | None = None

    async def begin(self) -> None:
        """Opens the network and starts."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(_RESOLVING, "impasto-fetch-names"))
        self._decoding = ThreadPoolExecutor(self._settings.threads, "impasto-fetch-images")
        self._held.callback(self._decoding.shutdown, wait=True, cancel_futures=True)
        self._session = await self._held.enter_async_context(open_session(self._settings))
        self._robots = Robots(self._session, self._settings)
        self._held.push_async_callback(self._robots.close)
        self._hosts = HostQueues(self._settings.per_host)
        self._changed, self._room = asyncio.Event(), asyncio.Semaphore(_SHARDS)
        self._tasks = [loop.create_task(self._gather())]
        self._tasks += [loop.create_task(self._work()) for _ in range(self._settings.connections)]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stops what is under way, and tells nobody of it: who stopped it may have done so when told."""
        self._progress = silent
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._held.aclose()
        for shard in self._shards.values():
            shard.close()

    async def complete(self, number: int) -> None:
        """Waits until a shard's links are settled, and writes it."""
        while (shard := self._shards.get(number)) is None or shard.left:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
        repeated = sum(outcome is None for outcome in shard.outcomes)
        if not shard.written:
            await asyncio.to_thread(self._write, shard)
        del self._shards[number]
        shard.close()
        self._room.release()
        self._tell(repeated, now=True)

    def _write(self, shard: Gathering) -> None:
        first = self._listing.first

        def earlier(row: int) -> Outcome:
            """Of a row whose link has come before: in this shard, or in one that is written."""
            at = first[row] - shard.first
            return cast(Outcome, shard.outcomes[at]) if at >= 0 else self._written.outcome(first[row])

        size, captions = self._settings.shard_size, self._settings.captions
        write_shard(self._folder, shard, size, captions=captions, earlier=earlier)

    async def _gather(self) -> None:
        for number in self._numbers:
            await self._room.acquire()
            shard, visits = await asyncio.to_thread(self._prepare, number)
            self._shards[number] = shard
            self._tell(sum(outcome is not None for outcome in shard.outcomes))
            for visit in visits:
                self._hosts.add(visit)
            self._changed.set()

    def _prepare(self, number: int) -> tuple[Gathering, list[Visit]]:
        """A shard's rows, and those of their links that are to be tried."""
        rows = self._range(number)
        deque(islice(self._rows, rows.start - self._at), maxlen=0)
        pairs, self._at = list(islice(self._rows, len(rows))), rows.stop
        if len(pairs) < len(rows):
            raise SourceError("the list became shorter while it was read; run again")
        shard = Gathering(number, rows.start, pairs, self._folder, [None] * len(pairs))
        publish(self._folder, number)
        if all(file.exists() for file in shard_files(self._folder, number)):
            there = read_shard(self._folder, number, self._settings.shard_size)
            shard.written = not self._retry
            shard.outcomes = [outcome if outcome.lives or shard.written else None for outcome in there]
        visits: list[Visit] = []
        for at, (row, pair) in enumerate(zip(rows, pairs, strict=True)):
            if shard.outcomes[at] is None and row not in self._listing.first:
                try:
                    visits.append(self._first_visit(row, pair))
                except DeadLink as dead:
                    shard.outcomes[at] = Outcome.of(dead)
        shard.left = len(visits)
        return shard, visits

    def _first_visit(self, row: int, pair: WebPair) -> Visit:
        if pair.fault:
            raise DeadLink("bad row", pair.fault)
        link = link_of(pair)
        if link is None:
            raise DeadLink("no URL")
        return Visit(row, link, check_url(link, self._settings.allow_private).host or "")

    def _range(self, number: int) -> range:
        size = self._settings.shard_size
        return range(number * size, min((number + 1) * size, self._listing.rows))

    async def _work(self) -> None:
        while True:
            visit = await self._hosts.take()
            host = visit.host  # a redirect changes it
            try:
                await self._serve(visit)
            finally:
                self._hosts.done(host)

    async def _serve(self, visit: Visit) -> None:
        """Tries a link once: it is settled then, or waits for its next turn."""
        try:
            picture = await self._try(visit)
        except DeadLink as dead:
            if not self._again(visit, dead):
                self._settle(visit.row, dead)
        else:
            if picture is None:
                self._hosts.add(visit)
            else:
                self._settle(visit.row, picture)

    async def _try(self, visit: Visit) -> Picture | None:
        """The image; None if the link leads elsewhere, where the visit goes next."""
        settings = self._settings
        url = check_url(visit.url, settings.allow_private)
        if settings.robots:
            await self._robots.check(url)
        with Body(self._folder, settings) as body:
            target = await request(self._session, url, body.write, most=settings.max_bytes, check=self._check)
            if target is None:
                decode = asyncio.get_running_loop().run_in_executor(self._decoding, body.picture)
                return await decode
        visit.redirects += 1
        if visit.redirects > settings.redirects:
            raise DeadLink("too many redirects", f"over {settings.redirects}")
        visit.url, visit.host = target, check_url(target, settings.allow_private).host or ""
        return None

    def _check(self, response: ClientResponse) -> None:
        if self._settings.robots:
            check_tags(response.headers.getall("X-Robots-Tag", []), self._settings.agent)
        check_kind(response)

    def _again(self, visit: Visit, dead: DeadLink) -> bool:
        """Lets a link wait for a further try, if that may do better."""
        if not dead.passing or visit.tries >= self._settings.retries:
            return False
        if (dead.wait or 0) > self._settings.max_wait:
            dead.detail = f"it asks to wait {dead.wait:.0f} s"
            return False
        visit.tries += 1
        # Links that failed together shall not come back together.
        pause = 2.0 ** (visit.tries - 1) * (0.5 + stream(visit.row, "retry", visit.tries).random())
        if dead.wait is not None:
            self._hosts.rest(visit.host, dead.wait)
        asyncio.get_running_loop().call_later(max(pause, dead.wait or 0), self._hosts.add, visit)
        return True

    def _settle(self, row: int, came: Picture | DeadLink) -> None:
        shard = self._shards[row // self._settings.shard_size]
        outcome = Outcome.of(came) if isinstance(came, DeadLink) else Outcome.kept(came, shard.keep(came))
        shard.outcomes[row - shard.first] = outcome
        shard.left -= 1
        self._tell(1)
        if not shard.left:
            self._changed.set()

    def _tell(self, settled: int, *, now: bool = False) -> None:
        self._settled += settled
        time_now = time.monotonic()
        if now or time_now - self._told > _TELL:
            self._told = time_now
            self._progress(self._settled, self._listing.rows)

    def _ended(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        if isinstance(failure, Exception):  # an interrupt ends the loop by itself
            self._failure = failure
            self._changed.set()
