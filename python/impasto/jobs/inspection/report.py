"""What was found in a data set: its statistics, and what would go wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from impasto.errors import ImageTooLargeError, ImpastoError, SourceError, TruncatedImageError, UnsupportedImageError

#: So many samples are named for each problem.
EXAMPLES = 5


@dataclass
class Problem:
    """One kind of thing that is wrong, and the first samples it was found in.

    Attributes:
        kind: What is wrong.
        fix: What to do about it.
        fatal: Whether loading such a sample raises an error.
        count: How many samples have it.
        examples: The first of them: their ``key``, ``path`` and ``reason``.
    """

    kind: str
    fix: str
    fatal: bool = True
    count: int = 0
    examples: list[dict[str, str]] = field(default_factory=list)

    def add(self, key: str, path: str, reason: str) -> None:
        """Counts one more sample."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({"key": key, "path": path, "reason": reason})


@dataclass
class Report:
    """What `inspect` found.

    Attributes:
        source: The data set, as its ``repr``.
        rows: Number of rows.
        images: Number of distinct images.
        labels: Number of distinct labels, or ``None``.
        captions: ``total``, ``per_image``, ``words`` and ``bytes`` (each min, mean, max), and ``over_clip_length``:
            how many have more than 77 CLIP tokens (``None`` without CLIP's vocabulary).
        headers: ``checked`` images, their ``formats``, ``width``, ``height``, ``megapixels`` and ``kilobytes`` (each
            min, median, max), how many are ``progressive`` or ``rotated`` by EXIF, and their ``channels``.
        left_out: How much of what lies with the data is no sample, by kind.
        problems: What is wrong, the fatal first.
    """

    source: str
    rows: int
    images: int = 0
    labels: int | None = None
    captions: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every sample that was looked at would load."""
        return not any(problem.fatal for problem in self.problems)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {"ok": self.ok, **asdict(self)}


def known_problems() -> dict[str, Problem]:
    """What can be wrong, by kind, in the order in which it is told."""
    decode = "download the image again, or remove the row; on_error='replace' replaces it while training"
    problems = [
        Problem("bad row", "repair the row's entry, or remove it; on_error='replace' replaces it while training"),
        Problem("bad label", "number the classes, or leave the label out"),
        Problem("missing image", "download the images, or name their folder (--images)"),
        Problem("unreadable image", "look at the file's permissions and the disk"),
        Problem("undecodable image", decode),
        Problem("truncated image", decode),
        Problem("huge image", "scale the image down, or raise max_pixels or max_bytes in ImageRecipe"),
        Problem("unsupported image", "convert the image to JPEG, PNG or WebP"),
        Problem("no caption", "give the row a caption, or remove it; text=None in Recipe needs none"),
        Problem("empty caption", "write the caption, or remove it"),
        Problem("over-long caption", "shorten the caption, or raise max_bytes in TextRecipe"),
        Problem("bad caption", "repair the caption; a text must be UTF-8"),
        Problem("unused caption", "captions that can't be used beside others that can; they aren't drawn", fatal=False),
        Problem("cut caption", "captions lose tokens over CLIP's 77; shorten them, or raise length", fatal=False),
        Problem("duplicate", "rows with the same key, image and captions; remove all but one", fatal=False),
    ]
    return {problem.kind: problem for problem in problems}


def image_problem(error: ImpastoError) -> str:
    """The kind of problem that an image's error is."""
    if isinstance(error, SourceError):
        return "unreadable image"
    if isinstance(error, TruncatedImageError):
        return "truncated image"
    if isinstance(error, ImageTooLargeError):
        return "huge image"
    return "unsupported image" if isinstance(error, UnsupportedImageError) else "undecodable image"


def spread(values: Sequence[float], middle: str) -> dict[str, float] | None:
    """The smallest and the largest value, and the ``"mean"`` or ``"median"`` between them; None of no values."""
    if not values:
        return None
    average = np.mean(values) if middle == "mean" else np.median(values)
    return {"min": round(min(values), 3), middle: round(float(average), 3), "max": round(max(values), 3)}
