"""How a list of URLs is fetched, as a frozen value; without anything heavy, as the command line reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from impasto.checks import choice, flag, is_count, is_number, require, texts

#: RFC 9309's product token.
_TOKEN = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True, kw_only=True)
class FetchSettings:
    """What is written, on which the bytes of the shards depend, and how it is fetched, on which they don't.

    Args:
        url: Column of the URLs, by default the first of the usual ones; its number from 1 of lines without a header.
        caption: Column of the captions, likewise.
        captions: Whether the list has captions.
        columns: Further columns that go into the records.
        shard_size: Rows of the list in one shard, dead links included, from 1 to 1,000,000.
        size: Images whose shorter side is over this are scaled down to it, in pixels, and become JPEG; by default all
            keep their bytes.
        quality: Of JPEG, from 1 to 100.
        exif: Whether images that are scaled are turned first as their orientation tag says ("apply"), or keep the tag
            ("ignore").
        max_bytes: The largest file that is taken.
        max_pixels: The largest width x height that is taken, as the header tells it.
        connections: Requests at a time.
        per_host: Of these to one host.
        retries: Further tries after a failure that may pass.
        connect_timeout: For a connection, in seconds.
        read_timeout: Without a byte, in seconds.
        total_timeout: For a whole request, in seconds.
        max_wait: The longest that a server may ask us to wait (Retry-After), in seconds; longer is a failure.
        redirects: The most that are followed.
        robots: Whether robots.txt and X-Robots-Tag (noai, noimageai, noindex, noimageindex) are obeyed.
        user_agent: What requests say who asks; robots.txt knows it by its first word.
        allow_private: Whether addresses of private networks and of this machine may be asked; link-local ones
            (169.254.0.0/16, fe80::/10) and those where clouds hand out credentials never are.
        threads: That decode and scale.

    Raises:
        RecipeError: If a value makes no sense.
    """

    url: str | None = None
    caption: str | None = None
    captions: bool = True
    columns: tuple[str, ...] = ()
    shard_size: int = 10_000
    size: int | None = None
    quality: int = 95
    exif: Literal["ignore", "apply"] = "ignore"
    max_bytes: int = 32 << 20
    max_pixels: int = 89_478_485
    connections: int = 128
    per_host: int = 8
    retries: int = 2
    connect_timeout: float = 10.0
    read_timeout: float = 10.0
    total_timeout: float = 60.0
    max_wait: float = 120.0
    redirects: int = 5
    robots: bool = True
    user_agent: str = "impasto (fetches images of a list of links)"
    allow_private: bool = False
    threads: int = 2

    def __post_init__(self) -> None:
        texts("columns", self.columns)
        choice("exif", self.exif, ("ignore", "apply"))
        for name in ("captions", "robots", "allow_private"):
            flag(name, getattr(self, name))
        for name, low, high in (
            ("shard_size", 1, 1_000_000),
            ("quality", 1, 100),
            ("max_bytes", 1, 2**31 - 1),
            ("max_pixels", 1, 2**31 - 1),
            ("connections", 1, 10_000),
            ("per_host", 1, 10_000),
            ("retries", 0, 100),
            ("redirects", 0, 100),
            ("threads", 1, 1000),
        ):
            value: Any = getattr(self, name)
            require(is_count(value) and low <= value <= high, f"{name}={value!r} must be a whole number {low}..{high}")
        for name in ("connect_timeout", "read_timeout", "total_timeout", "max_wait"):
            value = getattr(self, name)
            require(is_number(value) and 0 < value < 1e6, f"{name}={value!r} must be a number of seconds over 0")
        require(self.size is None or (is_count(self.size) and self.size > 0), f"size={self.size!r} must be positive")
        agent = self.user_agent
        named = isinstance(agent, str) and agent.isascii() and agent.isprintable() and self.agent != ""
        require(named, f"user_agent={agent!r} must be printable ASCII that begins with a name, such as 'mybot/1.0'")

    @property
    def agent(self) -> str:
        """The name that robots.txt knows us by."""
        token = _TOKEN.match(self.user_agent)
        return token[0] if token else ""

    @property
    def bytes_depend_on(self) -> dict[str, Any]:
        """The values that decide what a shard holds, given what servers answer."""
        names = ("url", "caption", "captions", "columns", "shard_size", "size", "quality", "exif")
        return {name: getattr(self, name) for name in names}
