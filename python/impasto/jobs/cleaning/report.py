"""What cleaning found, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from impasto.jobs.inspection.report import Problem


@dataclass(frozen=True)
class LeftOut:
    """A row that has a flag.

    Attributes:
        row: Its number in the data set.
        key: What the data set calls it.
        path: Where its image lies.
        flags: What is wrong with it, and the reasons in figures.
        of: The key of the row that is kept in its place, of a duplicate.
        of_row: And its number.
        kept: Whether it stays in spite of its flags, since all of them are ignored.
    """

    row: int
    key: str
    path: str
    flags: Mapping[str, str]
    of: str | None = None
    of_row: int | None = None
    kept: bool = False


@dataclass(frozen=True)
class CleanReport:
    """What `clean` found.

    Attributes:
        source: The data set, as its ``repr``.
        rows: How many it has.
        kept: How many of them stay.
        images: Distinct images, of which a row's may be that of other rows too.
        settings: The limits.
        flags: What is wrong, with what it means, how many rows have it, and the first of them.
        headers: Of the images, as in `impasto.jobs.Report`.
        left_out: Every row that has a flag, in order.
        files: Where ``keep``, ``left_out``, ``report`` and ``page`` were written.
    """

    source: str
    rows: int
    kept: int
    images: int
    settings: Mapping[str, Any]
    flags: Sequence[Problem]
    headers: Mapping[str, Any]
    left_out: Sequence[LeftOut] = field(repr=False)
    files: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it; the rows are in a file of their own."""
        document = asdict(self)
        del document["left_out"]
        return document
