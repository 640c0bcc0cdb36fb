"""All pairs of near hashes, and no others, without comparing all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.jobs.cleaning import neighbors
from impasto.jobs.cleaning.neighbors import near_hashes


def _pairs(asked: np.ndarray, known: np.ndarray, distance: int) -> set[tuple[int, int]]:
    return set(zip(*(side.tolist() for side in near_hashes(asked, known, distance)), strict=True))


@given(st.integers(0, 2**32 - 1), st.integers(0, 11), st.integers(0, 40))
def test_it_is_what_brute_force_finds(seed: int, distance: int, count: int) -> None:
    """Among hashes that are near each other by as many bits as matter, spread over the bands or all in one."""
    draw = np.random.default_rng(seed)
    base = draw.integers(0, 2**64, 3, np.uint64)
    places = draw.integers(0, 64, (count, 13)) if seed % 2 else draw.integers(16, 32, (count, 13))
    flips = np.bitwise_or.reduce(np.uint64(1) << places.astype(np.uint64), axis=1, initial=np.uint64(0))
    hashes = np.unique(base[draw.integers(0, 3, count)] ^ flips)
    others = np.unique(hashes[::2] ^ np.uint64(5))
    expected = {
        (i, j)
        for i, one in enumerate(hashes.tolist())
        for j, other in enumerate(others.tolist())
        if (one ^ other).bit_count() <= distance
    }
    assert _pairs(hashes, others, distance) == expected


@pytest.mark.parametrize("distance", range(12))
def test_bits_that_are_spread_as_badly_as_can_be_are_found(distance: int) -> None:
    """Evenly over the bands, so that none of them is nearer than it must be."""
    draw = np.random.default_rng(distance)
    base = draw.integers(0, 2**64, 50, np.uint64)
    other = base.copy()
    for at in range(len(base)):
        for number in range(distance):
            place = 16 * (number % 4) + (at + 5 * (number // 4)) % 16
            other[at] ^= np.uint64(1 << place)
    left, right = near_hashes(base, other, distance)
    assert left.tolist() == right.tolist() == list(range(50))
    if distance:
        assert not len(near_hashes(base, other, distance - 1)[0])


@pytest.mark.parametrize("together", [1, 7, 1 << 20])
def test_pieces_change_nothing(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = np.unique(np.random.default_rng(0).integers(0, 2**10, 300, np.uint64))
    expected = _pairs(hashes, hashes, 3)
    monkeypatch.setattr(neighbors, "_TOGETHER", together)
    assert _pairs(hashes, hashes, 3) == expected


def test_few_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10**10 pairs of even hashes, one in some thousands for up to 7 bits."""
    compared = 0
    differing = neighbors._differing

    def counted(bits: np.ndarray) -> np.ndarray:
        nonlocal compared
        compared += len(bits)
        return differing(bits)

    monkeypatch.setattr(neighbors, "_differing", counted)
    hashes = np.unique(np.random.default_rng(1).integers(0, 2**64, 30_000, np.uint64))
    left, right = near_hashes(hashes, hashes, 7)
    assert (left == right).all() and len(left) == len(hashes)
    assert compared < len(hashes) ** 2 / 500
