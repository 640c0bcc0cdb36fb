"""Medical pictures in parts, each with a report that is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.errors import RecipeError
from impasto.streams import stream
from impasto_lab.worlds.photographs.listing import catalogue

Box = tuple[int, int, int, int]
Pixels = npt.NDArray[np.uint8]


#: Places that are tried for a part, of which one in a thousand does.
_DRAWS = 100_000


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A picture that parts are cut from.

    Attributes:
        name: In the catalogue of photographs.
        technique: What a report begins with.
        tile: Side of its parts, in pixels.
        room: Where parts may lie: left, top, right, bottom.
        findings: What can be seen, and where: left, top, right, bottom.
    """

    name: str
    technique: str
    tile: int
    room: Box
    findings: dict[str, Box]


#: Boxes were drawn by eye; nothing here says anything of health.
SUBJECTS = (
    Subject(
        name="retina",
        technique="Color fundus photograph.",
        tile=460,
        room=(90, 300, 1330, 1110),
        findings={"optic disc": (130, 545, 345, 765), "macula": (610, 600, 805, 800)},
    ),
    Subject(
        name="tissue",
        technique="Immunohistochemical stain of the colon.",
        tile=240,
        room=(0, 0, 512, 512),
        findings={"oval gland": (245, 300, 385, 505), "slit lumen": (290, 20, 385, 195)},
    ),
)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A part of a picture with its report.

    Attributes:
        subject: The picture's name.
        pixels: [S, S, 3] uint8.
        report: What is said of it.
        found: By finding: where it lies within the tile, as shares of its side (left, top, right, bottom), or None
            where the report denies it.
    """

    subject: str
    pixels: Pixels
    report: str
    found: dict[str, tuple[float, float, float, float] | None]

    @property
    def places(self) -> dict[str, str]:
        """Where each finding that is there lies, in words."""
        return {name: place(box) for name, box in self.found.items() if box is not None}


def tiles(count: int, *, seed: int, subjects: tuple[Subject, ...] = SUBJECTS) -> list[Tile]:
    """Parts of the pictures, as many of each.

    A finding is wholly in a part or wholly out of it; parts that cut one are drawn again.

    Args:
        count: How many in all.
        seed: Of their places.
        subjects: What they are cut from.

    Raises:
        MissingExtraError: If the package that carries the pictures is not installed.
        RecipeError: If a picture is not in the catalogue, or a finding fits into no part.
    """
    known = {one.name: one for one in catalogue()}
    missing = [one.name for one in subjects if one.name not in known]
    if missing:
        raise RecipeError(f"{missing[0]!r} is no photograph of the catalogue; there are {', '.join(known)}")
    pictures = {one.name: known[one.name].load() for one in subjects}
    return [_tile(subjects[at % len(subjects)], pictures, seed, at) for at in range(count)]


def _tile(subject: Subject, pictures: dict[str, Pixels], seed: int, number: int) -> Tile:
    rng = stream(seed, "tile", number)
    left, top, right, bottom = subject.room
    # Every other part is asked to show a finding, or most would show none.
    wanted = list(subject.findings)[int(rng.integers(len(subject.findings)))] if rng.random() < 0.5 else None
    for _ in range(_DRAWS):
        x, y = int(rng.integers(left, right - subject.tile + 1)), int(rng.integers(top, bottom - subject.tile + 1))
        found = {name: _within(box, x, y, subject.tile) for name, box in subject.findings.items()}
        if all(cut != "cut" for cut in found.values()) and (wanted is None or found[wanted] is not None):
            break
    else:
        raise RecipeError(
            f"no part of {subject.name!r} shows {wanted or 'anything'} whole; make tiles larger, or smaller"
        )
    known = {name: box for name, box in found.items() if not isinstance(box, str)}
    said = [
        f"No {name} in the field." if box is None else f"{name.capitalize()} {place(box)}."
        for name, box in known.items()
    ]
    pixels = pictures[subject.name][y : y + subject.tile, x : x + subject.tile]
    return Tile(subject=subject.name, pixels=pixels, report=" ".join([subject.technique, *said]), found=known)


def _within(box: Box, x: int, y: int, side: int) -> tuple[float, float, float, float] | str | None:
    left, top, right, bottom = (box[0] - x, box[1] - y, box[2] - x, box[3] - y)
    if min(right, bottom) <= 0 or max(left, top) >= side:
        return None
    if min(left, top) < 0 or max(right, bottom) > side:
        return "cut"
    return left / side, top / side, right / side, bottom / side


def place(box: tuple[float, float, float, float]) -> str:
    """Where a box lies in a part, in words."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    across = "left" if x < 0.4 else "right" if x > 0.6 else ""
    down = "upper" if y < 0.4 else "lower" if y > 0.6 else ""
    return f"in the {' '.join(word for word in (down, across) if word) or 'middle'} of the field"


def contradict(one: Tile, other: Tile) -> bool:
    """Whether one report denies what the other asserts."""
    both = one.found.keys() & other.found.keys()
    return any((one.found[name] is None) != (other.found[name] is None) for name in both)


def misplace(one: Tile, other: Tile) -> bool:
    """Whether two reports put one finding in different places."""
    places, others = one.places, other.places
    return any(places[name] != others[name] for name in places.keys() & others.keys())
