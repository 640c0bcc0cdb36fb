"""Which addresses may be asked: those of the public internet, whatever a URL, a redirect or a name server says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from impasto.extras import need
from impasto.jobs.fetching.links import DeadLink

if TYPE_CHECKING:
    from yarl import URL

_Address = IPv4Address | IPv6Address

#: Special-purpose networks (IANA's registries) that Python 3.11 takes for global ones, in its first versions or in all.
_SPECIAL: Sequence[IPv4Network | IPv6Network] = [
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20", "5f00::/16")
]
#: What nobody may ask whatever is allowed: the link's own addresses, and others at which a cloud hands its machines
#: their credentials (Amazon, Google, Alibaba, Azure).
_NEVER: Sequence[IPv4Network | IPv6Network] = [
    ip_network(text)
    for text in (
        *("169.254.0.0/16", "fe80::/10"),
        *("fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32"),
    )
]
_NAT64 = IPv6Network("64:ff9b::/96")
#: The last part of a host that resolvers may take for a number (WHATWG's URL standard, "ends in a number").
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")
#: What a name may hold on the wire.
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LONGEST = 8192


def is_public(address: _Address) -> bool:
    """Whether an address is one that anybody may ask; IPv4 addresses inside IPv6 ones count as what they are."""
    address = _meant(address)
    if isinstance(address, IPv6Address) and (address.is_site_local or address.scope_id):
        return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global
    return not special and not _lies_in(address, _SPECIAL)


def _meant(address: _Address) -> _Address:
    """The IPv4 address inside of an IPv6 one, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _lies_in(address: _Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def check_address(text: str, allow_private: bool) -> None:
    """Refuses an address that may not be asked.

    Args:
        text: The address.
        allow_private: Whether it may be a private one. Link-local addresses, and others where clouds hand out
            credentials, are refused even then.

    Raises:
        DeadLink: If it may not be asked, or is no address.
    """
    try:
        address = ip_address(text)
    except ValueError:
        raise DeadLink("refused address", f"{text!r} is none") from None
    if _lies_in(_meant(address), _NEVER):
        raise DeadLink("refused address", f"{text} is link-local, or a cloud's service for its own machines")
    if not allow_private and not is_public(address):
        raise DeadLink("refused address", f"{text} is not on the public internet")


def check_url(text: str, allow_private: bool) -> URL:
    """Reads a URL, and refuses one that may not be asked for.

    Args:
        text: The URL.
        allow_private: Whether its host may be a private address; see `check_address`.

    Returns:
        The URL, escaped as it is sent.

    Raises:
        DeadLink: If it is no URL of http or https, carries a password, or names an address that isn't public or is
            written in another way than such addresses are.
    """
    yarl: Any = need("yarl", extra="fetch")
    if len(text) > _LONGEST:
        raise DeadLink("bad URL", f"it has more than {_LONGEST} characters")
    try:
        url: URL = yarl.URL(text.strip())
        scheme, host, port = url.scheme, url.host, url.port
    except ValueError as error:
        raise DeadLink("bad URL", str(error)) from None
    if scheme not in ("http", "https"):
        raise DeadLink("bad URL", f"it is {scheme or 'without a scheme'}, not http or https")
    if not host or not port:
        raise DeadLink("bad URL", "it names no host and port")
    if url.user is not None or url.password is not None:
        raise DeadLink("bad URL", "it carries a user's name or password")
    if ":" not in host and not _NAME.fullmatch(url.raw_host or ""):
        raise DeadLink("bad URL", "its host is no name")
    if ":" in host or re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host):
        check_address(host, allow_private)
    elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise DeadLink("refused address", f"{host} is a number that resolvers read in different ways")
    return url
