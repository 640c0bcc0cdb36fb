"""One request: what a server may answer, how much of it is read, and what each failure is called."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError, SourceError
from impasto.extras import need
from impasto.jobs.fetching.connecting import RefusedAddressError
from impasto.jobs.fetching.links import DeadLink

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from yarl import URL

#: What a later try may do better at.
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
#: How much is inflated at a time.
_PIECE = 1 << 16


async def request(
    session: ClientSession,
    url: URL,
    write: Callable[[bytes], object],
    *,
    most: int,
    check: Callable[[ClientResponse], None] = lambda _: None,
) -> str | None:
    """Asks for a URL once.

    Args:
        session: As `open_session` gave it.
        url: As `check_url` gave it.
        write: Is given the body as it comes.
        most: The most bytes that the body may have, inflated where the server compressed it all the same.
        check: Looks at an answer before its body is read, and raises a `DeadLink` if it isn't wanted.

    Returns:
        Where a redirect leads to; None if the body has been written, whole.

    Raises:
        DeadLink: If there is no such answer.
        SourceError: If it is this machine that can't.
    """
    with _named():
        async with session.get(url, allow_redirects=False) as response:
            if response.status in _REDIRECTS:
                return _target(response)
            if response.status != 200:
                wait = _wait(response.headers.get("Retry-After"))
                raise DeadLink(f"HTTP {response.status}", passing=response.status in _PASSING, wait=wait)
            check(response)
            if (response.content_length or 0) > most:
                raise _too_large(most)
            async for piece in _pieces(response, most):
                write(piece)
    return None


async def _pieces(response: ClientResponse, most: int) -> AsyncIterator[bytes]:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise DeadLink("bad answer", f"its Content-Encoding is {coding!r}")
    inflate = None if coding in ("identity", "") else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    came = taken = 0
    async for chunk in response.content.iter_any():
        came += len(chunk)
        for piece in [chunk] if inflate is None else _inflated(inflate, chunk):
            taken += len(piece)
            if max(came, taken) > most:
                raise _too_large(most)
            yield piece
    if inflate is not None:
        yield inflate.flush()  # all input is in, so it can't be much
        if not inflate.eof:
            raise DeadLink("cut short", "the compressed body has no end", passing=True)


def _inflated(inflate: Any, chunk: bytes) -> Iterator[bytes]:
    """What a chunk inflates to, never more than a piece at a time."""
    while chunk and not inflate.eof:
        try:
            yield inflate.decompress(chunk, _PIECE)
        except zlib.error as error:
            raise DeadLink("bad answer", f"what should be compressed isn't: {error}") from None
        chunk = inflate.unconsumed_tail


def _too_large(most: int) -> DeadLink:
    return DeadLink("too many bytes", f"over {most}")


def _target(response: ClientResponse) -> str:
    location = response.headers.get("Location", "")
    if not location:
        raise DeadLink("bad answer", f"HTTP {response.status} without a Location")
    yarl: Any = need("yarl", extra="fetch")
    try:
        return str(response.url.join(yarl.URL(location)))
    except ValueError as error:
        raise DeadLink("bad URL", f"a redirect's: {error}") from None


def _wait(text: str | None) -> float | None:
    """The seconds of a Retry-After header (RFC 9110, 10.2.3), which are a number or a date."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Names what goes wrong between here and the server; without addresses and times, which would differ each run."""
    aiohttp: Any = need("aiohttp", extra="fetch")
    try:
        yield
    except ImpastoError:
        raise  # it is ours, not the server's
    except aiohttp.ClientConnectorCertificateError as error:
        raise DeadLink("TLS", "its certificate is not valid") from error
    except aiohttp.ClientConnectorSSLError as error:
        raise DeadLink("TLS", str(getattr(error.os_error, "reason", None) or "no agreement")) from error
    except aiohttp.ClientConnectorError as error:
        raise _unconnected(error.os_error) from error
    except TimeoutError as error:
        raise DeadLink("timeout", passing=True) from error
    except aiohttp.ClientPayloadError as error:
        raise DeadLink("cut short", "the body ended before its end", passing=True) from error
    except aiohttp.InvalidURL as error:
        raise DeadLink("bad URL", "it can't be asked for") from error
    except (aiohttp.ServerDisconnectedError, OSError) as error:
        raise DeadLink("dropped", "the connection ended early", passing=True) from error
    except aiohttp.ClientError as error:
        raise DeadLink("bad answer", f"no HTTP ({type(error).__name__})", passing=True) from error


def _unconnected(error: OSError) -> DeadLink | SourceError:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return SourceError("too many files are open; use fewer connections, or allow more files (ulimit -n)")
    if isinstance(error, RefusedAddressError):
        return DeadLink("refused address", str(error))
    if isinstance(error, socket.gaierror):
        return DeadLink("no such name", passing=error.errno == socket.EAI_AGAIN)
    if isinstance(error, asyncio.TimeoutError):
        return DeadLink("timeout", passing=True)
    return DeadLink("no connection", error.strerror or "", passing=True)
