"""The one door to the network: no cookies, no proxies, and no socket to an address that wasn't looked at."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from impasto.extras import need
from impasto.jobs.fetching.addresses import check_address
from impasto.jobs.fetching.links import DeadLink
from impasto.jobs.fetching.settings import FetchSettings

if TYPE_CHECKING:
    from aiohttp import ClientSession


class RefusedAddressError(OSError):
    """An address that may not be asked, as aiohttp lets an error through."""


@asynccontextmanager
async def open_session(settings: FetchSettings) -> AsyncIterator[ClientSession]:
    """A session that asks public addresses alone, unless the settings allow others.

    What a name server says is looked at when it says it, and the address of a socket once more when it is made: a name
    that resolves to something else the second time gains nothing.

    Raises:
        MissingExtraError: If aiohttp is not installed.
    """
    aiohttp: Any = need("aiohttp", extra="fetch")
    connector = aiohttp.TCPConnector(
        limit=0,  # the hosts' queues decide
        resolver=_Resolver(aiohttp.ThreadedResolver(), settings.allow_private),
        socket_factory=_Sockets(settings.allow_private),
        keepalive_timeout=1.0,  # hosts may be many, and open files are few
        ttl_dns_cache=60,
        dns_cache_max_size=100_000,
    )
    times = aiohttp.ClientTimeout(
        total=settings.total_timeout, sock_connect=settings.connect_timeout, sock_read=settings.read_timeout
    )
    headers = {"User-Agent": settings.user_agent, "Accept": "image/*", "Accept-Encoding": "identity"}
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=times,
        auto_decompress=False,
        trust_env=False,
    )
    try:
        yield session
    finally:
        await session.close()
        await asyncio.sleep(0)  # transports say goodbye in the loop's next round


class _Resolver:
    """Asks another resolver, and refuses a name of which any address is private: an honest name has none."""

    def __init__(self, inner: Any, allow_private: bool) -> None:
        self._inner = inner
        self._allow_private = allow_private

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
        answers: list[Any] = await self._inner.resolve(host, port, family)
        for answer in answers:
            _check(answer["host"], self._allow_private)
        return answers

    async def close(self) -> None:
        await self._inner.close()


class _Sockets:
    """Makes sockets, once their address has been looked at."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        _check(address[0], self._allow_private)
        return socket.socket(family=family, type=kind, proto=protocol)


def _check(address: str, allow_private: bool) -> None:
    try:
        check_address(address, allow_private)
    except DeadLink as dead:
        raise RefusedAddressError(dead.detail) from dead
