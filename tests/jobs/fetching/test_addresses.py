"""Which addresses may be asked: none but the public internet's, in whatever way they are written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.jobs.fetching.addresses import check_address, check_url, is_public
from impasto.jobs.fetching.links import DeadLink

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_private(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::a9fe:a9fe%eth0", "febf::1"),
        *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"),
        *("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16"),
    ],
)
def test_where_clouds_hand_out_credentials_nobody_asks(text: str) -> None:
    """Judged alone: nothing is sent."""
    for allow_private in (False, True):
        with pytest.raises(DeadLink, match="refused address"):
            check_address(text, allow_private)
    if "%" not in text:
        with pytest.raises(DeadLink, match="refused address"):
            check_url(f"http://[{text}]/latest" if ":" in text else f"http://{text}/latest", True)


@pytest.mark.parametrize("text", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12:3456::1"])
def test_ones_own_servers_may_be_allowed(text: str) -> None:
    check_address(text, True)
    with pytest.raises(DeadLink, match="not on the public internet"):
        check_address(text, False)


@given(st.integers(0, 2**32 - 1))
def test_an_address_inside_of_another_counts_as_what_it_is(number: int) -> None:
    alone = is_public(IPv4Address(number))
    for outer in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert is_public(IPv6Address(outer)) == alone


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "017700000001",
        "0127.0.0.1",
        "127.0.0.01",
        "¹²⁷.⁰.⁰.¹",
        "１２７．０．０．１",
        "①②⑦.⓪.⓪.①",
        "10.0.0.1",
        "3232235777",
        "0",
        "[::1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "[fe80::1%25eth0]",
        "8.8.8.8.",
        "134744072",
        "a.b.0x1",
        "1.2.3.4.5",
    ],
)
def test_hosts_that_are_numbers(host: str) -> None:
    with pytest.raises(DeadLink) as caught:
        check_url(f"http://{host}/a.jpg", False)
    assert caught.value.reason in ("refused address", "bad URL")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.jpg",
        "gopher://example.com/",
        "data:image/png;base64,AA",
        "//example.com/a.jpg",
        "example.com/a.jpg",
        "http://me:secret@example.com/a.jpg",
        "http://me@example.com/a.jpg",
        "http:///a.jpg",
        "http://example.com:99999/a.jpg",
        "http://example.com:0/a.jpg",
        "http://exa mple.com/a.jpg",
        "http://[::1/a.jpg",
        "http://example.com\\@127.0.0.1/a.jpg",
        "http://example.com/" + "a" * 9000,
        "",
        "\0",
    ],
)
def test_what_is_no_url_of_ours(url: str) -> None:
    with pytest.raises(DeadLink, match="bad URL"):
        check_url(url, True)


@pytest.mark.parametrize(
    "url", ["https://example.com/ä b.jpg?x=1#y", " http://bücher.example/a.jpg\n", "HTTP://EXAMPLE.COM"]
)
def test_what_is_one(url: str) -> None:
    assert check_url(url, False).scheme in ("http", "https")


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://", "http://127.0.0.1", "http://[", "http://a/"]))
def test_anything_is_taken_or_refused(text: str, before: str) -> None:
    try:
        url = check_url(before + text, False)
    except DeadLink:
        return
    assert url.scheme in ("http", "https") and url.host and not url.user
