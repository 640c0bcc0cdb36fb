"""Whose turn it is: links wait in their host's queue, of which only so many run at a time."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from impasto.jobs.fetching.links import Visit


class HostQueues:
    """Links by host: a slow or a popular host holds up its own links alone.

    Args:
        per_host: How many of one host's may run at a time.
    """

    def __init__(self, per_host: int) -> None:
        self._most = per_host
        self._waiting: dict[str, deque[Visit]] = {}
        self._running: Counter[str] = Counter()
        self._resting: dict[str, float] = {}
        # A host stands here as often as it may begin a link now.
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._standing: Counter[str] = Counter()

    def add(self, visit: Visit) -> None:
        """Lets a link wait for its turn."""
        self._waiting.setdefault(visit.host, deque()).append(visit)
        self._offer(visit.host)

    async def take(self) -> Visit:
        """Waits for a link whose turn it is; `done` is to be called when it has run."""
        while True:
            host = await self._ready.get()
            self._lower(self._standing, host)
            if host in self._resting or host not in self._waiting:
                continue
            queue = self._waiting[host]
            visit = queue.popleft()
            if not queue:
                del self._waiting[host]
            self._running[host] += 1
            self._offer(host)
            return visit

    def done(self, host: str) -> None:
        """Makes room for the next link of a host."""
        self._lower(self._running, host)
        self._offer(host)

    def rest(self, host: str, seconds: float) -> None:
        """Begins no link of a host for a while, as it asked."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if until > self._resting.get(host, 0.0):
            self._resting[host] = until
            loop.call_at(until, self._wake, host)

    def _wake(self, host: str) -> None:
        # Another rest may have begun meanwhile, which ends later.
        if host in self._resting and asyncio.get_running_loop().time() >= self._resting[host] - 1e-3:
            del self._resting[host]
            for _ in range(self._most):
                self._offer(host)

    def _offer(self, host: str) -> None:
        standing = self._standing.get(host, 0)
        room = self._most - self._running.get(host, 0) - standing
        if host not in self._resting and room > 0 and standing < len(self._waiting.get(host, ())):
            self._standing[host] += 1
            self._ready.put_nowait(host)

    @staticmethod
    def _lower(counter: Counter[str], host: str) -> None:
        """Counts one less; what is zero is forgotten, as hosts may be many."""
        counter[host] -= 1
        if not counter[host]:
            del counter[host]
