"""What servers ask of those who ask them: robots.txt, X-Robots-Tag, Retry-After, few requests at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.jobs import FetchSettings, fetch
from impasto.jobs.fetching.links import DeadLink
from impasto.jobs.fetching.robots import check_tags

Fetch = Callable[..., dict[str, int]]


@pytest.fixture
def reasons(
    site: Any, settings: Callable[..., FetchSettings], write_list: Callable[..., Path], tmp_path: Path
) -> Fetch:
    """Fetches paths of the site, and one of another host name that lives, and says why some are dead."""

    def reasons(paths: list[str], **changes: Any) -> dict[str, int]:
        done = fetch(write_list([site.url(path) for path in paths]), tmp_path / "out", settings(**changes))
        assert done.images + done.failed == len(paths)
        return done.reasons

    return reasons


_RULES = b"""\
User-agent: *
Disallow: /

User-agent: impasto
Disallow: /private/
Disallow: /*.gif$
Allow: /private/open/
"""


def test_robots_txt_is_obeyed(site: Any, reasons: Fetch) -> None:
    site.robots = _RULES
    paths = ["1.jpg", "private/2.jpg", "private/open/3.jpg", "a/4.gif", "moved.jpg", "to?/private/2.jpg"]
    assert reasons(paths) == {"robots.txt": 3}
    assert site.asked["robots.txt"] == 1
    assert not site.asked["private/2.jpg"] + site.asked["a/4.gif"]


def test_by_the_name_that_we_give(site: Any, reasons: Fetch) -> None:
    site.robots = _RULES
    with pytest.raises(impasto.SourceError, match=r"robots\.txt"):
        reasons(["1.jpg"], user_agent="otherbot/1.0 (we@example.com)")
    assert site.headers["User-Agent"] == "otherbot/1.0 (we@example.com)"


def test_robots_that_can_not_be_read_forbid_all(site: Any, reasons: Fetch) -> None:
    site.robots = 503
    with pytest.raises(impasto.SourceError, match="HTTP 503"):
        reasons(["1.jpg", "2.jpg"], retries=1)
    assert not site.asked["1.jpg"]
    assert site.asked["robots.txt"] >= 2  # a later try asks again


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_robots_that_are_not_there_allow_all(status: int, site: Any, reasons: Fetch) -> None:
    site.robots = status
    assert reasons(["1.jpg"]) == {}


def test_robots_txt_may_be_anything(site: Any, reasons: Fetch) -> None:
    site.robots = b"\xff\xfe\0" + b"User-agent: *\nDisallow: /no/\n" + bytes(range(256)) * 10_000
    assert reasons(["1.jpg"]) == {}


def test_nobody_is_asked_for_robots_when_told(site: Any, reasons: Fetch) -> None:
    site.robots = b"User-agent: *\nDisallow: /\n"
    assert reasons(["1.jpg", "tagged.jpg?tag=noai"], robots=False) == {}
    assert "robots.txt" not in site.asked


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ([], None),
        (["all", "nofollow", "max-snippet: 20"], None),
        (["noai"], "noai"),
        (["nofollow, NoImageAI"], "noimageai"),
        (["nofollow", "noindex"], "noindex"),
        (["none"], "none"),
        (["otherbot: noai, noindex"], None),
        (["otherbot: nofollow, impasto: noimageindex"], "noimageindex"),
        (["otherbot: noai", "noindex"], "noindex"),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"], "noindex"),
        (["IMPASTO:noai"], "noai"),
    ],
)
def test_tags(headers: list[str], word: str | None) -> None:
    if word is None:
        check_tags(headers, "impasto")
    else:
        with pytest.raises(DeadLink, match=f"^X-Robots-Tag: {word}$"):
            check_tags(headers, "impasto")


def test_tags_are_obeyed(site: Any, reasons: Fetch) -> None:
    paths = ["tagged?tag=noai", "tagged?tag=otherbot: noai", "tagged?tag=all&tag=noimageai"]
    assert reasons(paths) == {"X-Robots-Tag": 2}


def test_a_host_has_few_of_us_at_a_time(site: Any, reasons: Fetch) -> None:
    site.delay = lambda path: 0.02
    assert reasons([f"{row}.jpg" for row in range(30)], per_host=3, connections=64) == {}
    assert site.most == 3


def test_a_slow_host_holds_up_its_own_links_alone(
    site: Any, other_site: Any, settings: Callable[..., FetchSettings], write_list: Callable[..., Path], tmp_path: Path
) -> None:
    order: list[str] = []
    site.delay = lambda path: order.append(f"slow {path}") or 0.3
    other_site.delay = lambda path: order.append(f"fast {path}") or 0.0
    urls = [site.url(f"{row}.jpg") for row in range(4)] + [other_site.url(f"{row}.jpg") for row in range(20)]
    done = fetch(write_list(urls), tmp_path / "out", settings(per_host=1, connections=2, shard_size=100))
    assert done.images == 24
    assert order.index("fast 19.jpg") < order.index("slow 2.jpg")


def test_who_asks_us_to_wait_is_left_alone_for_so_long(site: Any, reasons: Fetch) -> None:
    times: list[float] = []
    site.delay = lambda path: times.append(time.monotonic()) or 0.0
    assert reasons(["wait.jpg", *(f"{row}.jpg" for row in range(20))], per_host=1) == {}
    assert len(times) == 22 and times[1] - times[0] >= 1.9
