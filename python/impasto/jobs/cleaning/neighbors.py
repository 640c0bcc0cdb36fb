"""Hashes that differ in few bits, all pairs of them, without comparing each with each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

#: A hash of 64 bits is looked up by each of so many bands of its bits.
_BANDS = 4
_BITS = 64 // _BANDS
#: Pairs that are compared at a time.
_TOGETHER = 1 << 20


def near_hashes(asked: Hashes, known: Hashes, distance: int) -> tuple[Numbers, Numbers]:
    """All pairs of hashes that differ in few bits.

    Where two hashes differ in at most d bits, one of their four bands of 16 bits differs in at most d // 4 (else all
    would have d // 4 + 1, which is more than d together). So each hash is looked up among those that have a band so
    close to its own, and what is found is compared in full: no pair is missed, and none is there that is farther apart
    (multi-index hashing: Norouzi, Punjani, Fleet 2012). For a million hashes that are spread evenly that is 60 million
    comparisons up to 3 bits, 10**9 up to 7.

    Args:
        asked: Hashes to look up, [N], each once.
        known: Hashes that are looked among, [M], each once.
        distance: Bits that may differ.

    Returns:
        Places in ``asked`` and in ``known``, [P] each, in order, each pair once.
    """
    found = []
    for band in range(_BANDS):
        shift = np.uint64(band * _BITS)
        ours, theirs = (_band(hashes, shift) for hashes in (asked, known))
        order = np.argsort(theirs, kind="stable")
        begins = np.searchsorted(theirs[order], np.arange((1 << _BITS) + 1))
        for mask in _masks(distance // _BANDS):
            sought = ours ^ mask
            first, many = begins[sought], begins[sought + 1] - begins[sought]
            for left, at in _spread(first, many):
                right = order[at]
                near = _differing(asked[left] ^ known[right]) <= distance
                found.append(left[near] * len(known) + right[near])
    pairs = np.unique(np.concatenate([np.empty(0, np.int64), *found]))
    return pairs // max(len(known), 1), pairs % max(len(known), 1)


def _band(hashes: Hashes, shift: np.uint64) -> Numbers:
    return ((hashes >> shift) & np.uint64((1 << _BITS) - 1)).astype(np.int64)


def _masks(radius: int) -> Iterator[int]:
    """All bands with at most so many bits set."""
    for count in range(min(radius, _BITS) + 1):
        for bits in combinations(range(_BITS), count):
            yield sum(1 << bit for bit in bits)


def _spread(first: Numbers, many: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Of runs ``first[n], first[n] + 1, ...`` of ``many[n]`` places: every n with every place, some at a time."""
    ends = np.cumsum(many)
    start = 0
    while start < len(many):
        before = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, before + _TOGETHER, side="right")), start + 1)
        counts = many[start:stop]
        numbers = np.repeat(np.arange(start, stop), counts)
        within = np.arange(len(numbers)) - np.repeat(ends[start:stop] - counts - before, counts)
        yield numbers, first[numbers] + within
        start = stop


def _differing(bits: Hashes) -> npt.NDArray[np.uint8]:
    """How many bits are set: sums of pairs, of fours, of bytes, and all bytes at once."""
    ones, twos, fours = (np.uint64(mask) for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F))
    bits = bits - ((bits >> np.uint64(1)) & ones)
    bits = (bits & twos) + ((bits >> np.uint64(2)) & twos)
    bits = (bits + (bits >> np.uint64(4))) & fours
    return ((bits * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.uint8)
