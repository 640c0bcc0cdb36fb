"""A web site on loopback that behaves in every way a site may, and counts who asked for what."""

from __future__ import annotations

import asyncio
import gzip
import io
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from aiohttp import web

from impasto.jobs import FetchSettings


def picture(number: int, side: int = 24, format: str = "JPEG") -> bytes:
    """An image that no other number gives."""
    color = (number * 37 % 256, number // 7 % 256, 90)
    file = io.BytesIO()
    pixels = np.full((side, side + number % 5, 3), color, np.uint8)
    pixels[: side // 2, : side // 2] = 255 - pixels[: side // 2, : side // 2]
    PIL.Image.fromarray(pixels).save(file, format)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG whose header promises four billion pixels."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    header = struct.pack(">IIBBBBB", 65000, 65000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1 << 16)))


_GZIP_BOMB = gzip.compress(picture(4) + bytes(8 << 20))


class Site:
    """The site: a path's last part, before the ending, is what a request makes it do.

    Attributes:
        asked: How often each path was asked for.
        most: The most requests that were under way at a time.
        headers: Of all requests, each with its last value.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.asked: Counter[str] = Counter()
        self.most = self.under_way = 0
        self.headers: dict[str, str] = {}
        self.robots: bytes | int = 404
        self.robots_to: str | None = None
        self.delay: Callable[[str], float] = lambda path: 0.0
        self.port = 0
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Site:
        self._thread.start()
        assert self._up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def url(self, path: str, host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}/{path}"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, self.host, 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self._up.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked[path] += 1
        self.headers.update(request.headers)
        if path == "robots.txt" and self.robots_to:
            return web.Response(status=301, headers={"Location": self.robots_to})
        if path == "robots.txt":
            return (
                web.Response(body=self.robots) if isinstance(self.robots, bytes) else web.Response(status=self.robots)
            )
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.delay(path))
            return await self._behave(request, path, path.rpartition("/")[2].partition(".")[0])
        finally:
            self.under_way -= 1

    async def _behave(self, request: web.Request, path: str, how: str) -> web.StreamResponse:
        if how.isdecimal():
            kind = "PNG" if path.endswith(".png") else "JPEG"
            return web.Response(body=picture(int(how), format=kind), content_type=f"image/{kind.lower()}")
        handler: Any = getattr(self, f"_{how.replace('-', '_')}", None)
        if handler is None:
            return web.Response(status=404)
        answer: web.StreamResponse = await handler(request, self.asked[path])
        return answer

    async def _large(self, request: web.Request, time: int) -> web.Response:
        return web.Response(body=picture(1, 300), content_type="image/jpeg")

    async def _turned(self, request: web.Request, time: int) -> web.Response:
        exif, file = PIL.Image.Exif(), io.BytesIO()
        exif[0x0112] = 6
        PIL.Image.open(io.BytesIO(picture(1, 60))).save(file, "JPEG", exif=exif)
        return web.Response(body=file.getvalue(), content_type="image/jpeg")

    async def _unnamed(self, request: web.Request, time: int) -> web.Response:
        return web.Response(body=picture(1), headers={"Content-Type": "application/octet-stream"})

    async def _slow(self, request: web.Request, time: int) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def _trickle(self, request: web.Request, time: int) -> web.StreamResponse:
        return await self._stream(request, [bytes([one]) for one in picture(1)], pause=0.05)

    async def _endless(self, request: web.Request, time: int) -> web.StreamResponse:
        return await self._stream(request, [picture(1), *[bytes(1 << 16)] * 10**5])

    async def _stream(self, request: web.Request, pieces: list[bytes], pause: float = 0) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        try:
            await answer.prepare(request)
            for piece in pieces:
                await answer.write(piece)
                await asyncio.sleep(pause)
        except ConnectionError:
            pass  # whoever asked has had enough
        return answer

    async def _drop(self, request: web.Request, time: int) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _drop_once(self, request: web.Request, time: int) -> web.Response:
        return (
            await self._drop(request, time) if time == 1 else web.Response(body=picture(2), content_type="image/jpeg")
        )

    async def _raw(self, request: web.Request, told: int, body: bytes) -> web.Response:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % told
        return await self._write(request, head + body)

    async def _write(self, request: web.Request, data: bytes) -> web.Response:
        transport = request.transport
        if transport is not None:  # who asked may be gone
            transport.write(data)
            await asyncio.sleep(0.02)
            transport.close()
        return web.Response()

    async def _says_more(self, request: web.Request, time: int) -> web.Response:
        return await self._raw(request, 10**5, picture(3))

    async def _says_less(self, request: web.Request, time: int) -> web.Response:
        return await self._raw(request, len(picture(3)) // 2, picture(3))

    async def _says_huge(self, request: web.Request, time: int) -> web.Response:
        return await self._raw(request, 10**12, picture(3))

    async def _no_http(self, request: web.Request, time: int) -> web.Response:
        return await self._write(request, b"220 mail.example ESMTP\r\n")

    async def _html(self, request: web.Request, time: int) -> web.Response:
        return web.Response(text="<html>gone</html>", content_type="text/html")

    async def _html_as_jpeg(self, request: web.Request, time: int) -> web.Response:
        return web.Response(body=b"<html>gone</html>" * 100, content_type="image/jpeg")

    async def _gif(self, request: web.Request, time: int) -> web.Response:
        return web.Response(body=picture(1, format="GIF"), content_type="image/gif")

    async def _empty(self, request: web.Request, time: int) -> web.Response:
        return web.Response(body=b"", content_type="image/jpeg")

    async def _cut(self, request: web.Request, time: int) -> web.Response:
        return web.Response(body=picture(1, 64)[:-100], content_type="image/jpeg")

    async def _bomb(self, request: web.Request, time: int) -> web.StreamResponse:
        return await self._stream(request, [bomb(), *[bytes(1 << 16)] * 1000])

    async def _gzip(self, request: web.Request, time: int) -> web.Response:
        return self._packed(gzip.compress(picture(4)))

    async def _gzip_bomb(self, request: web.Request, time: int) -> web.Response:
        return self._packed(_GZIP_BOMB)

    async def _gzip_cut(self, request: web.Request, time: int) -> web.Response:
        return self._packed(gzip.compress(picture(4))[:-20])

    def _packed(self, body: bytes) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "image/jpeg"})

    async def _once_503(self, request: web.Request, time: int) -> web.Response:
        return web.Response(status=503) if time == 1 else web.Response(body=picture(5), content_type="image/jpeg")

    async def _wait(self, request: web.Request, time: int) -> web.Response:
        if time == 1:
            self.asked_to_wait = _now()
            return web.Response(status=429, headers={"Retry-After": "2"})
        self.waited = _now() - self.asked_to_wait
        return web.Response(body=picture(6), content_type="image/jpeg")

    async def _wait_for_ever(self, request: web.Request, time: int) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "86400"})

    async def _forbidden(self, request: web.Request, time: int) -> web.Response:
        return web.Response(status=403)

    async def _moved(self, request: web.Request, time: int) -> web.Response:
        return web.Response(status=302, headers={"Location": "/7.jpg", "Set-Cookie": "who=you"})

    async def _circle(self, request: web.Request, time: int) -> web.Response:
        return web.Response(status=301, headers={"Location": f"/circle?{time}"})

    async def _to(self, request: web.Request, time: int) -> web.Response:
        return web.Response(status=307, headers={"Location": request.query_string})

    async def _tagged(self, request: web.Request, time: int) -> web.Response:
        headers = [("X-Robots-Tag", one) for one in request.query.getall("tag")]
        return web.Response(body=picture(8), content_type="image/jpeg", headers=headers)


def _now() -> float:
    return time.monotonic()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def other_site() -> Iterator[Site]:
    """One at another address of this machine."""
    with Site("127.0.0.2") as site:
        yield site


@pytest.fixture(scope="session")
def settings() -> Callable[..., FetchSettings]:
    """For a site on this machine, and without patience."""
    times = {"connect_timeout": 5.0, "read_timeout": 1.0, "total_timeout": 3.0, "retries": 1}
    return lambda **changes: FetchSettings(**{"allow_private": True, "shard_size": 10, **times, **changes})


@pytest.fixture
def write_list(tmp_path: Path) -> Callable[..., Path]:
    """Writes a list as Conceptual Captions has it."""

    def write(urls: list[str], captions: list[str] | None = None) -> Path:
        path = tmp_path / "list.tsv"
        texts = captions or [f"caption {row}" for row in range(len(urls))]
        path.write_text("".join(f"{text}\t{url}\n" for text, url in zip(texts, urls, strict=True)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def open_site() -> type[Site]:
    return Site


@pytest.fixture(scope="module")
def shared_site() -> Iterator[Site]:
    """One for many runs."""
    with Site() as site:
        yield site
