"""What a site asks of robots: robots.txt (RFC 9309) before a request, X-Robots-Tag in its answer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from impasto.extras import need
from impasto.jobs.fetching.links import DeadLink

if TYPE_CHECKING:
    from yarl import URL

#: RFC 9309 has parsers read at least so much of a file; nothing more is read here.
LARGEST = 500 * 1024
#: So many sites' rules are kept, and so many characters of them.
_KEPT, _KEPT_TEXT = 20_000, 64 << 20
#: X-Robots-Tag's words against what we do: for models, or for anybody's index.
_WORDS = {"noai", "noimageai", "noindex", "noimageindex", "none"}
#: Its words that have a value of their own behind a colon.
_VALUED = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}

#: Reads a robots.txt: its text, or None if there is none.
Read = Callable[["URL"], Awaitable[str | None]]


class Robots:
    """The rules of every site that is asked, each read once while it is kept.

    Args:
        read: Reads a robots.txt; a `DeadLink` says that the site can't be asked.
        agent: The name that rules know us by.
    """

    def __init__(self, read: Read, agent: str) -> None:
        self._read, self._agent = read, agent
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
        text = await self._read(url.origin() / "robots.txt")
        if text is None:
            return None, 0
        protego: Any = need("protego", extra="fetch")
        self._text += len(text)
        return protego.Protego.parse(text), len(text)

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
