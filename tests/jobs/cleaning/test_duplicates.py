"""Which of several pictures that look alike stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from impasto.jobs.cleaning.duplicates import find_twins
from impasto.jobs.cleaning.likeness import SIDE, likeness
from impasto.ops import resize

LIMITS: dict[str, Any] = {"distance": 7, "min_likeness": 0.95, "mirrored": True}


def _measures(hashes: list[int], sides: list[int], looks: np.ndarray | None = None) -> dict[str, np.ndarray]:
    count = len(hashes)
    look = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return {
        "width": np.array(sides, np.int32),
        "height": np.array(sides, np.int32),
        "size": np.full(count, 1000),
        "digest": np.arange(count * 16, dtype=np.uint8).reshape(count, 16),
        "hash": np.array(hashes, np.uint64),
        "mirror": np.array([2**64 - 1 - one for one in hashes], np.uint64),
        "look": np.stack([look] * count) if looks is None else looks,
    }


def test_the_largest_stays_and_no_chain_is_followed() -> None:
    """0 is 6 bits from 1 and 1 from 2; 0 and 2 are 12 apart."""
    measures = _measures([0, 2**6 - 1, 2**12 - 1], [50, 40, 60])
    twins = find_twins(measures, ["a", "b", "c"], **LIMITS)
    assert {at: twin.of for at, twin in twins.items()} == {1: 2}
    assert twins[1].distance == 6 and twins[1].likeness == pytest.approx(1)
    middle = _measures([0, 2**6 - 1, 2**12 - 1], [50, 70, 60])
    assert {at: twin.of for at, twin in find_twins(middle, ["a", "b", "c"], **LIMITS).items()} == {0: 1, 2: 1}


def test_ties_go_to_the_larger_file_and_then_to_the_first_key() -> None:
    measures = _measures([1, 1, 1], [50, 50, 50])
    assert set(find_twins(measures, ["b", "a", "c"], **LIMITS)) == {0, 2}
    measures["size"] = np.array([1000, 1000, 1001])
    assert set(find_twins(measures, ["b", "a", "c"], **LIMITS)) == {0, 1}


def test_what_equals_a_picture_that_goes_goes_for_the_same() -> None:
    measures = _measures([0, 3, 3], [60, 50, 50])
    measures["digest"][2] = measures["digest"][1]
    twins = find_twins(measures, ["a", "b", "c"], **LIMITS)
    assert {at: (twin.of, twin.same) for at, twin in twins.items()} == {1: (0, False), 2: (0, False)}


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_pictures_has_no_say(seed: int) -> None:
    draw = np.random.default_rng(seed)
    hashes = (draw.integers(0, 2, 60, np.uint64) << np.uint64(40)) ^ draw.integers(0, 64, 60, np.uint64)
    looks = draw.integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)[draw.integers(0, 2, 60)]
    measures = _measures(hashes.tolist(), draw.integers(40, 44, 60).tolist(), looks)
    measures["digest"] = draw.integers(0, 256, (40, 16), np.uint8)[draw.integers(0, 40, 60)]
    keys = [f"{number:02d}" for number in range(60)]
    expected = {keys[at]: keys[twin.of] for at, twin in find_twins(measures, keys, **LIMITS).items()}
    order = draw.permutation(60)
    shuffled = {name: values[order] for name, values in measures.items()}
    names = [keys[at] for at in order]
    found = find_twins(shuffled, names, **LIMITS)
    assert {names[at]: names[twin.of] for at, twin in found.items()} == expected
    assert 20 < len(expected) < 60 and not set(expected) & set(expected.values())


def test_pictures_of_one_hash_that_are_unlike_stay() -> None:
    looks = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    assert not find_twins(_measures([9, 9], [50, 50], looks), ["a", "b"], **LIMITS)


def test_likeness() -> None:
    draw = np.random.default_rng(0)
    small = draw.integers(0, 256, (6, 6, 3), np.uint8)
    look = np.kron(small, np.ones((4, 4, 1), np.uint8))
    brighter = (look // 2 + 60).astype(np.uint8)
    assert likeness(look, brighter, 0.95) == pytest.approx(1, abs=1e-3)
    assert likeness(look, 255 - look, 0.95) == pytest.approx(-1)
    flat = np.full_like(look, 9)
    assert likeness(flat, flat + 9, 0.95) == 1 and abs(likeness(flat, look, 0.95)) < 0.3
    values = look.astype(float) - look.mean(axis=(0, 1))
    other = np.roll(look, 1, axis=0).astype(float)
    other -= other.mean(axis=(0, 1))
    assert likeness(look, np.roll(look, 1, axis=0), 0) == pytest.approx(
        np.corrcoef(values.ravel(), other.ravel())[0, 1]
    )


def test_the_distance_is_the_last_that_passes() -> None:
    """Of hashes, and of a hash and a mirror image's, whichever of the two is the mirror image."""
    for bits in (7, 8):
        near = _measures([0, 2**bits - 1], [60, 50])
        assert {at: twin.distance for at, twin in find_twins(near, ["a", "b"], **LIMITS).items()} == (
            {1: 7} if bits == 7 else {}
        )
        for one, other in ((0, 1), (1, 0)):
            turned = _measures([2**20 - 1, 2**40 - 1], [60, 50])
            turned["look"][1] = turned["look"][0][:, ::-1]
            turned["mirror"][one] = turned["hash"][other] ^ np.uint64(2**bits - 1)
            found = find_twins(turned, ["a", "b"], **LIMITS)
            assert {at: (twin.distance, twin.mirrored) for at, twin in found.items()} == (
                {1: (7, True)} if bits == 7 else {}
            )
            assert not find_twins(turned, ["a", "b"], **{**LIMITS, "mirrored": False})


def test_the_likest_of_those_that_stay_is_the_one() -> None:
    """Though it is in a mirror, and another is not; as like as the limit is enough."""
    look = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    noise = np.random.default_rng(1).integers(-30, 30, look.shape)
    noisy = np.clip(look[:, ::-1].astype(int) + noise, 0, 255).astype(np.uint8)
    far = 2**30 - 1
    measures = _measures([far, 0, 1], [70, 60, 50], np.stack([look, noisy, look[:, ::-1]]))
    measures["mirror"][2] = far
    limits = {**LIMITS, "min_likeness": likeness(noisy, look[:, ::-1], 0)}
    (found,) = find_twins(measures, ["a", "b", "c"], **limits).values()
    assert (found.of, found.mirrored) == (0, True)
    (found,) = find_twins(measures, ["a", "b", "c"], **{**limits, "mirrored": False}).values()
    assert found.of == 1 and found.likeness == limits["min_likeness"] < 0.99


def test_small_crops_are_looked_for_on_either_side() -> None:
    large = resize(np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8), 240, interpolation="bicubic")
    whole, cropped = resize(large, SIDE), resize(large[:230, 10:], SIDE)
    plain = likeness(whole, cropped, 0)
    for pair in ((whole, cropped), (cropped, whole)):
        assert likeness(*pair, 0.9999) > max(plain + 0.005, 0.99)
