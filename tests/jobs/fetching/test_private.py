"""Sockets go to public addresses alone: whatever a list, a redirect or a name server says."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import impasto
from impasto.jobs import FetchSettings, fetch
from impasto.jobs.fetching import addresses, connecting

REFUSED = "refused address"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What the name server says of each name, the first time, the second and on."""
    names: dict[str, list[list[str]]] = {}

    async def resolve(self: Any, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        said = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
        common = {"hostname": host, "port": port, "proto": 0, "flags": socket.AI_NUMERICHOST}
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [{**common, "host": one, "family": families[":" in one]} for one in said]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    return names


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 counts as public; 127.0.0.2 is what shall not be asked."""
    real = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == "127.0.0.1" or real(address))


def _reasons(urls: list[str], write: Callable[..., Path], settings: FetchSettings, out: Path) -> dict[str, int]:
    """Why links are dead; the first of the list, which lives, isn't counted."""
    done = fetch(write(urls), out, settings)
    assert done.images == 1
    return done.reasons


@pytest.fixture
def strict(settings: Callable[..., FetchSettings]) -> FetchSettings:
    return settings(allow_private=False, retries=0)


def test_private_addresses_are_refused_unless_allowed(
    site: Any, settings: Callable[..., FetchSettings], write_list: Callable[..., Path], tmp_path: Path
) -> None:
    urls = [site.url("1.jpg"), site.url("2.jpg", "localhost")]
    with pytest.raises(impasto.SourceError, match=f"not one of 2 .* {REFUSED}"):
        fetch(write_list(urls), tmp_path / "no", settings(allow_private=False))
    assert not site.asked
    assert fetch(write_list(urls), tmp_path / "yes", settings()).images == 2


@pytest.mark.usefixtures("public")
def test_redirects_to_them(
    site: Any, other_site: Any, strict: FetchSettings, write_list: Callable[..., Path], tmp_path: Path, names: Any
) -> None:
    names |= {"inside.example": [["127.0.0.2"]], "outside.example": [["127.0.0.1"]]}
    port = other_site.port
    targets = [
        other_site.url("1.jpg"),
        f"http://inside.example:{port}/1.jpg",
        f"http://2130706434:{port}/1.jpg",
        f"http://0x7f000002:{port}/1.jpg",
        f"http://[::ffff:127.0.0.2]:{port}/1.jpg",
        f"//127.0.0.2:{port}/1.jpg",
        "http://169.254.169.254/latest/meta-data/",
        site.url("to") + "?" + other_site.url("1.jpg"),
    ]
    urls = [f"http://outside.example:{site.port}/3.jpg", *(site.url(f"to?{target}") for target in targets)]
    assert _reasons(urls, write_list, strict, tmp_path / "out") == {REFUSED: len(targets)}
    assert not other_site.asked
    assert site.asked["robots.txt"]


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize(
    "answers", [["127.0.0.2"], ["127.0.0.1", "127.0.0.2"], ["::1"], ["::ffff:127.0.0.2"], ["fe80::1"]]
)
def test_names_that_resolve_to_them(
    answers: list[str],
    site: Any,
    other_site: Any,
    strict: FetchSettings,
    write_list: Callable[..., Path],
    tmp_path: Path,
    names: Any,
) -> None:
    names["inside.example"] = [answers]
    urls = [site.url("1.jpg"), f"http://inside.example:{other_site.port}/1.jpg"]
    assert _reasons(urls, write_list, strict, tmp_path / "out") == {REFUSED: 1}
    assert not other_site.asked


@pytest.mark.usefixtures("public")
def test_names_that_resolve_to_them_the_second_time(
    site: Any,
    other_site: Any,
    strict: FetchSettings,
    write_list: Callable[..., Path],
    tmp_path: Path,
    names: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As DNS rebinding does it; without aiohttp's cache, so that each request asks the name server."""
    made = aiohttp.TCPConnector
    uncached = {"use_dns_cache": False, "force_close": True, "keepalive_timeout": None}
    monkeypatch.setattr(aiohttp, "TCPConnector", lambda **options: made(**(options | uncached)))
    # robots.txt is asked for while the name is public; the image would be when it isn't any more.
    names["both.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    urls = [site.url("1.jpg"), f"http://both.example:{site.port}/2.jpg"]
    assert _reasons(urls, write_list, strict, tmp_path / "out") == {REFUSED: 1}
    assert site.asked["robots.txt"] == 2 and not other_site.asked


@pytest.mark.usefixtures("public")
def test_sockets_are_looked_at_even_where_names_were_not(
    site: Any,
    other_site: Any,
    strict: FetchSettings,
    write_list: Callable[..., Path],
    tmp_path: Path,
    names: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connecting, "_Resolver", lambda inner, allow_private: inner)
    names["inside.example"] = [["127.0.0.2"]]
    urls = [site.url("1.jpg"), f"http://inside.example:{other_site.port}/1.jpg"]
    assert _reasons(urls, write_list, strict, tmp_path / "out") == {REFUSED: 1}
    assert not other_site.asked


@pytest.mark.usefixtures("public")
def test_robots_that_lead_there(
    site: Any, other_site: Any, strict: FetchSettings, write_list: Callable[..., Path], tmp_path: Path
) -> None:
    site.robots_to = other_site.url("robots.txt")
    with pytest.raises(impasto.SourceError, match=REFUSED):
        fetch(write_list([site.url("1.jpg")]), tmp_path / "out", strict)
    assert not other_site.asked and not site.asked["1.jpg"]


def test_proxies_of_the_environment_have_no_say(
    site: Any,
    settings: Callable[..., FetchSettings],
    write_list: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(write_list([site.url("1.jpg")]), tmp_path / "out", settings()).images == 1


def test_a_session_is_closed_when_all_goes_wrong(strict: FetchSettings) -> None:
    async def run() -> aiohttp.ClientSession:
        with pytest.raises(ZeroDivisionError):
            async with connecting.open_session(strict) as session:
                raise ZeroDivisionError
        return session

    assert asyncio.run(run()).closed
