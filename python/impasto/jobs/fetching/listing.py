"""A first look through a list: how long it is, which list it is, which of its links come again."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from impasto.sources import WebPair


@dataclass(frozen=True)
class Listing:
    """What a list holds.

    Attributes:
        rows: How many.
        digest: SHA-256 of all of them.
        first: The first row of the same link, of every row whose link has come before.
    """

    rows: int
    digest: str
    first: dict[int, int]


def look_through(pairs: Iterable[WebPair]) -> Listing:
    """Reads a list once, and keeps sixteen bytes of each row meanwhile.

    Args:
        pairs: The list.
    """
    digest, hashes = hashlib.sha256(), array("Q")
    for row, pair in enumerate(pairs):
        digest.update(repr((pair.url, pair.caption, pair.columns)).encode("utf-8", "surrogatepass"))
        link = link_of(pair)
        name = f"{row}" if link is None else f"u{link}"  # what is no link is not the same as anything
        hashes.frombytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    halves = np.frombuffer(hashes, np.uint64).reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))  # it is stable: of equal ones the first row stays first
    same = np.zeros(len(order), bool)
    same[1:] = (halves[order[1:]] == halves[order[:-1]]).all(axis=1)
    begins = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    first = dict(zip(order[same].tolist(), order[begins[same]].tolist(), strict=True))
    return Listing(len(halves), digest.hexdigest(), first)


def link_of(pair: WebPair) -> str | None:
    """The link of a row, if it has one and is no bad row."""
    return pair.url.strip() or None if isinstance(pair.url, str) and not pair.fault else None
