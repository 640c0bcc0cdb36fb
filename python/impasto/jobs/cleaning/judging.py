"""From what was measured to flags: pure functions of measures and limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from impasto.jobs.cleaning.captions import Repetitions, boilerplate, plain
from impasto.jobs.cleaning.duplicates import Twin, find_twins
from impasto.jobs.cleaning.measuring import Measures
from impasto.jobs.cleaning.settings import CleanSettings

#: Reasons by flag.
Flags = dict[str, str]


def judge_picture(pictures: Measures, at: int, limits: CleanSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with a picture by itself: flags and reasons.

    Args:
        pictures: Measures of many; see `MEASURES`.
        at: Its place among them.
        limits: What is too bad.
    """
    width, height = int(pictures["width"][at]), int(pictures["height"][at])
    short, long = sorted((width, height))
    if short < limits.min_side:
        yield "tiny image", f"it has {width} x {height} pixels, and min_side={limits.min_side}"
    if long > limits.max_aspect * short:
        yield "extreme aspect", f"it has {width} x {height} pixels, 1:{long / short:.3g}"
    contrast, noise = float(pictures["contrast"][at]), float(pictures["noise"][at])
    if contrast < limits.min_contrast:
        yield "near-blank image", f"its luma deviates by {contrast:.1f} levels"
    elif noise > limits.max_noise:
        yield "noisy image", f"its noise score is {noise:.2f}"


class CaptionJudge:
    """Judges captions row by row, and those that are repeated at the end.

    Args:
        limits: What says nothing.
    """

    def __init__(self, limits: CleanSettings) -> None:
        self._limits = limits
        self._further = frozenset(map(plain, limits.boilerplate))
        self._repetitions = Repetitions()

    def judge(self, row: int, captions: Sequence[str], picture: int) -> Iterator[tuple[str, str]]:
        """Flags and reasons of a row that are known at once.

        Args:
            row: The next one.
            captions: Those that are text.
            picture: A number of its picture.
        """
        told = [caption for caption in captions if caption.strip()]
        self._repetitions.add(row, told, picture)
        reasons = [boilerplate(caption, self._further, self._limits.min_words) for caption in told]
        if told and all(reasons):
            yield "boilerplate caption", f"{_shown(told[0])}: {reasons[0]}"

    def repeated(self) -> Iterator[tuple[int, str]]:
        """Rows whose captions are all repeated, and reasons."""
        if self._limits.repeats:
            for row, count in self._repetitions.repeated(self._limits.repeats).items():
                yield row, f"its captions are those of {count} pictures"


def judge_twins(
    pictures: Measures, keys: Sequence[str], good: Collection[int], limits: CleanSettings
) -> Mapping[int, Twin]:
    """The duplicates among pictures, by their places.

    Args:
        pictures: Measures of [N]; see `MEASURES`.
        keys: Their keys.
        good: The places of those that stay otherwise: what is left out anyway keeps no other out.
        limits: What is a duplicate.
    """
    places = np.array(sorted(good), np.int64)
    some = {name: values[places] for name, values in pictures.items()}
    named = [keys[at] for at in places.tolist()]
    found = find_twins(
        some, named, distance=limits.distance, min_likeness=limits.min_likeness, mirrored=limits.mirrored
    )
    where = places.tolist()
    return {where[at]: Twin(**{**vars(twin), "of": where[twin.of]}) for at, twin in found.items()}


def reason_of(twin: Twin, row: int, key: str) -> tuple[str, int, str]:
    """A duplicate's flag, row and reason.

    Args:
        twin: What it is.
        row: Its row.
        key: Of the one that stays.
    """
    if twin.same:
        return "duplicate image", row, f"the same file as {key!r}"
    how = ", in a mirror, like" if twin.mirrored else " like"
    return "near duplicate", row, f"it looks{how} {key!r}: {twin.distance} bits apart, {twin.likeness:.3f} alike"


def _shown(caption: str) -> str:
    text = " ".join(caption.split())
    return repr(text if len(text) <= 80 else text[:77] + "...")
