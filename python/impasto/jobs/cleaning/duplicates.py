"""Pictures that are there twice: which stay, and which look like one that stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.jobs.cleaning.likeness import likeness
from impasto.jobs.cleaning.measuring import Measures
from impasto.jobs.cleaning.neighbors import near_hashes


@dataclass(frozen=True)
class Twin:
    """A picture that is another one's duplicate.

    Attributes:
        of: The place of the one that stays.
        same: Whether their files are equal, byte for byte.
        distance: Bits in which their hashes differ; of the mirror image if they are mirrored.
        likeness: How they correlate at 24 x 24 pixels, at least.
        mirrored: Whether one is the other's mirror image.
    """

    of: int
    same: bool
    distance: int = 0
    likeness: float = 1.0
    mirrored: bool = False


def find_twins(
    pictures: Measures, keys: Sequence[str], *, distance: int, min_likeness: float, mirrored: bool
) -> dict[int, Twin]:
    """Goes through pictures, the best first, and keeps each that is no duplicate of one that was kept before.

    The best are those of most pixels; among them those of the largest files, then those with the first keys. So every
    picture that goes looks like one that stays, which is better or as good; no chain of likenesses makes one of
    pictures that are unlike. Neither the order of rows nor anything random has a say.

    Args:
        pictures: Measures of [N] pictures; see `MEASURES`.
        keys: Their keys.
        distance: See `CleanSettings`.
        min_likeness: See `CleanSettings`.
        mirrored: See `CleanSettings`.

    Returns:
        Those that go, by their places.
    """
    ranks = _ranked(pictures, keys)
    twins = dict(_same_bytes(pictures["digest"], ranks))
    known = _Known(pictures, distance, min_likeness, mirrored)
    for at in ranks:
        if at in twins:
            continue
        if twin := known.nearest(at):
            twins[at] = twin
        else:
            known.keep(at)
    # What equals a picture that goes for looking like another goes for the other too.
    return {at: _last(twin, twins) for at, twin in twins.items()}


def _last(twin: Twin, twins: dict[int, Twin]) -> Twin:
    return twins.get(twin.of, twin)


def _ranked(pictures: Measures, keys: Sequence[str]) -> list[int]:
    pixels = pictures["width"].astype(np.int64) * pictures["height"]
    best = zip((-pixels).tolist(), (-pictures["size"]).tolist(), keys, pictures["digest"].tolist(), strict=True)
    return [at for *_, at in sorted((*one, at) for at, one in enumerate(best))]


def _same_bytes(digests: npt.NDArray[np.uint8], ranks: Sequence[int]) -> Iterator[tuple[int, Twin]]:
    first: dict[bytes, int] = {}
    for at in ranks:
        of = first.setdefault(digests[at].tobytes(), at)
        if of != at:
            yield at, Twin(of, same=True)


class _Known:
    """The pictures that stay, found by hashes that differ in few bits."""

    def __init__(self, pictures: Measures, distance: int, min_likeness: float, mirrored: bool) -> None:
        self._hashes, self._mirrors, self._looks = pictures["hash"], pictures["mirror"], pictures["look"]
        self._enough = min_likeness
        plain, own = np.unique(self._hashes, return_inverse=True)
        turned, other = np.unique(self._mirrors, return_inverse=True)
        self._own, self._other = own.reshape(-1).tolist(), other.reshape(-1).tolist()
        self._plain = _lists(*near_hashes(plain, plain, distance))
        self._turned: dict[int, list[int]] = {}
        self._unturned: dict[int, list[int]] = {}
        if mirrored:
            ours, theirs = near_hashes(plain, turned, distance)
            self._turned, self._unturned = _lists(ours, theirs), _lists(theirs, ours)
        self._rank: dict[int, int] = {}
        self._kept: dict[int, list[int]] = defaultdict(list)  # by their hashes
        self._kept_turned: dict[int, list[int]] = defaultdict(list)  # by those of their mirror images

    def keep(self, at: int) -> None:
        self._rank[at] = len(self._rank)
        self._kept[self._own[at]].append(at)
        self._kept_turned[self._other[at]].append(at)

    def nearest(self, at: int) -> Twin | None:
        """Of those that stay, and are near and like a picture, the likest; of equals one not mirrored, and the best."""
        plain = _gathered(self._plain.get(self._own[at], ()), self._kept)
        turned = _gathered(self._turned.get(self._own[at], ()), self._kept_turned)
        turned += _gathered(self._unturned.get(self._other[at], ()), self._kept)
        found = [self._twin(at, of, mirrored=False) for of in plain]
        found += [self._twin(at, of, mirrored=True) for of in turned]
        alike = [twin for twin in found if twin.likeness >= self._enough]
        return min(alike, key=lambda twin: (-twin.likeness, twin.mirrored, self._rank[twin.of])) if alike else None

    def _twin(self, at: int, of: int, *, mirrored: bool) -> Twin:
        look = self._looks[at][:, ::-1] if mirrored else self._looks[at]
        pairs = [(self._mirrors[at], self._hashes[of]), (self._hashes[at], self._mirrors[of])]
        pairs = pairs if mirrored else [(self._hashes[at], self._hashes[of])]
        distance = min((int(one) ^ int(other)).bit_count() for one, other in pairs)
        return Twin(
            of, same=False, distance=distance, likeness=likeness(look, self._looks[of], self._enough), mirrored=mirrored
        )


def _gathered(hashes: Sequence[int], kept: dict[int, list[int]]) -> list[int]:
    return [at for number in hashes if number in kept for at in kept[number]]


def _lists(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> dict[int, list[int]]:
    """What stands on the right beside each number on the left."""
    found: dict[int, list[int]] = defaultdict(list)
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        found[one].append(other)
    return found
