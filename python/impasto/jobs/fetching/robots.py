"""What a site asks of robots: robots.txt (RFC 9309) before a request, X-Robots-Tag in its answer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from impasto.extras import need
from impasto.jobs.fetching.addresses import check_url
from impasto.jobs.fetching.links import DeadLink
from impasto.jobs.fetching.requesting import request
from impasto.jobs.fetching.settings import FetchSettings

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from yarl import URL

#: RFC 9309 has parsers read at least so much of a file; nothing more is read here.
_LARGEST = 500 * 1024
#: And follow so many redirects.
_REDIRECTS = 5
#: So many sites' rules are kept, and so many characters of them.
_KEPT, _KEPT_TEXT = 20_000, 64 << 20
#: X-Robots-Tag's words against what we do: for models, or for anybody's index.
_WORDS = {"noai", "noimageai", "noindex", "noimageindex", "none"}
#: Its words that have a value of their own behind a colon.
_VALUED = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}


class Robots:
    """The rules of every site that is asked, each read once while it is kept.

    Args:
        session: Asks for them.
        settings: Who asks, and whom.
    """

    def __init__(self, session: ClientSession, settings: FetchSettings) -> None:
        self._session, self._agent, self._allow_private = session, settings.agent, settings.allow_private
        self._sites: OrderedDict[str, asyncio.Task[tuple[Any, int]]] = OrderedDict()
        self._text = 0

    async def check(self, url: URL) -> None:
        """Sees that a URL may be asked for.

        Raises:
            DeadLink: If its site's robots.txt forbids it, or can't be read: then all is forbidden, as RFC 9309 has it.
        """
        site = str(url.origin())
        if site not in self._sites:
            self._sites[site] = asyncio.get_running_loop().create_task(self._rules(url))
        self._sites.move_to_end(site)
        task = self._sites[site]
        try:
            # Others wait for the same: who is cancelled doesn't cancel it.
            rules, _ = await asyncio.shield(task)
        except DeadLink:
            if self._sites.get(site) is task:
                del self._sites[site]  # a later try asks again
            raise
        self._forget()
        if rules is not None and not rules.can_fetch(str(url), self._agent):
            raise DeadLink("robots.txt", f"it asks {self._agent} not to")

    async def _rules(self, url: URL) -> tuple[Any, int]:
        text = await self._read(str(url.origin() / "robots.txt"))
        if text is None:
            return None, 0
        protego: Any = need("protego", extra="fetch")
        self._text += len(text)
        return protego.Protego.parse(text), len(text)

    async def _read(self, url: str) -> str | None:
        """A robots.txt, or None if there is none."""
        body = bytearray()
        for _ in range(_REDIRECTS + 1):
            body.clear()
            try:
                place = check_url(url, self._allow_private)
                target = await request(self._session, place, body.extend, most=_LARGEST)
            except DeadLink as dead:
                if dead.reason.startswith("HTTP 4") and not dead.passing:
                    return None
                if dead.reason != "too many bytes":
                    detail = f"{dead.detail} (for robots.txt)".strip()
                    raise DeadLink(dead.reason, detail, passing=dead.passing, wait=dead.wait) from dead
                target = None
            if target is None:
                return body.decode("utf-8-sig", "replace")
            url = target
        return None  # so many redirects are as good as no file

    def _forget(self) -> None:
        for site in list(self._sites)[: max(len(self._sites) - _KEPT, int(self._text > _KEPT_TEXT))]:
            task = self._sites[site]
            if task.done():
                del self._sites[site]
                self._text -= 0 if task.cancelled() or task.exception() else task.result()[1]

    async def close(self) -> None:
        """Stops what is still being read."""
        tasks = list(self._sites.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def check_tags(headers: Iterable[str], agent: str) -> None:
    """Obeys X-Robots-Tag headers.

    Words before a colon name a robot, whose the words after it are: ``noindex``, ``otherbot: noai, noindex``.

    Args:
        headers: The values of all of an answer's.
        agent: The name that they know us by.

    Raises:
        DeadLink: If one forbids to use the image.
    """
    for header in headers:
        ours = True
        for part in header.lower().split(","):
            name, colon, rest = part.partition(":")
            word = part.strip()
            if colon and name.strip() not in _VALUED:
                ours, word = name.strip() == agent.lower(), rest.strip()
            if ours and word in _WORDS:
                raise DeadLink("X-Robots-Tag", word)
