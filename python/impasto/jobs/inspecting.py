"""What is in a data set, and what would go wrong with it."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from impasto import _core
from impasto.errors import (
    CaptionError,
    ImageTooLargeError,
    ImpastoError,
    SourceError,
    TruncatedImageError,
    UnsupportedImageError,
    VocabularyError,
)
from impasto.recipe import ClipTokenizer, ImageRecipe, TextRecipe, clean_caption
from impasto.sources import IndexedSource

#: Goes over rows and shows how far it is: ``track(rows, "what is done")``.
Track = Callable[[Sequence[int], str], Iterable[int]]

_EXAMPLES = 5
_CLIP_LENGTH = 77


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
        problems: What is wrong, the fatal first.
    """

    source: str
    rows: int
    images: int = 0
    labels: int | None = None
    captions: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every sample that was looked at would load."""
        return not any(problem.fatal for problem in self.problems)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {"ok": self.ok, **asdict(self)}


def _known_problems() -> dict[str, Problem]:
    decode = "download the image again, or remove the row; on_error='replace' replaces it while training"
    problems = [
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
        Problem("cut caption", "captions lose tokens over CLIP's 77; shorten them, or raise length", fatal=False),
        Problem("duplicate", "rows with the same key, image and captions; remove all but one", fatal=False),
    ]
    return {problem.kind: problem for problem in problems}


def _no_track(rows: Sequence[int], _: str) -> Iterable[int]:
    return rows


def inspect(source: IndexedSource, *, sample: int | None = 1000, track: Track = _no_track) -> Report:
    """Looks at all captions and paths of a data set, and at a sample of its images.

    Args:
        source: The data set.
        sample: How many images to read and decode, drawn at random but always the same; ``None`` for all.
        track: Wraps the rows to show progress.

    Returns:
        The statistics and problems.
    """
    survey = _Survey(source)
    survey.read_texts(track(range(len(source)), "captions"))
    if source.image_files:
        survey.find_files(track(range(len(source)), "files"))
    present = [row for row in range(len(source)) if row not in survey.missing]
    if sample is not None and sample < len(present):
        present = sorted(random.Random(0).sample(present, sample))
    survey.decode(track(present, "images"))
    return survey.report()


class _Survey:
    """The passes over a data set, and what they have counted."""

    def __init__(self, source: IndexedSource) -> None:
        self.source, self.index = source, source.index
        self.problems = _known_problems()
        self.missing: set[int] = set()
        self.paths: set[str] = set()
        self.labels: set[int] = set()
        self.captioned = False
        self.per_image: list[int] = []
        self.words: list[int] = []
        self.bytes: list[int] = []
        self.over = 0
        self.without: list[int] = []
        self.headers: list[tuple[str, int, int, int, int, int, bool]] = []
        self.sizes: list[int] = []

    def note(self, kind: str, row: int, reason: str) -> None:
        problem = self.problems[kind]
        problem.count += 1
        if len(problem.examples) < _EXAMPLES:
            place = {"key": self.index.key(row), "path": self.index.path(row)}
            problem.examples.append({**place, "reason": reason})

    def read_texts(self, rows: Iterable[int]) -> None:
        count_tokens = _token_counter()
        limit = TextRecipe().max_bytes
        seen: set[int] = set()
        for row in rows:
            path = self.index.path(row)
            label = self.index.label(row)
            self.paths.add(path if path != "memory" else f"row {row}")
            if label is not None:
                self.labels.add(label)
            try:
                captions = self.index.captions(row)
            except CaptionError as error:
                self.note("bad caption", row, error.reason)
                continue
            if not captions:
                self.without.append(row)
            self.per_image.append(len(captions))
            for caption in captions:
                self._read_caption(row, caption, limit, count_tokens)
            identity = hash((self.index.key(row), path, *captions))
            if identity in seen:
                self.note("duplicate", row, "the same row occurs before")
            seen.add(identity)
        if self.words or not self.labels:
            for row in self.without:
                self.note("no caption", row, "the row has no caption")
        self.over_length = self.over if count_tokens else None

    def _read_caption(self, row: int, caption: str, limit: int, count_tokens: Callable[[str], int] | None) -> None:
        size = len(caption.encode())
        self.words.append(len(caption.split()))
        self.bytes.append(size)
        if not caption.strip():
            self.note("empty caption", row, "the caption is empty")
        elif size > limit:
            self.note("over-long caption", row, f"the caption has {size} bytes, more than max_bytes={limit}")
        elif count_tokens is not None and (tokens := count_tokens(caption)) > _CLIP_LENGTH:
            self.over += 1
            self.note("cut caption", row, f"the caption has {tokens} CLIP tokens, more than {_CLIP_LENGTH}")

    def find_files(self, rows: Iterable[int]) -> None:
        for row in rows:
            path = Path(self.index.path(row))
            if not path.is_file():
                self.missing.add(row)
                state = "is not a file" if path.exists() else "does not exist"
                self.note("missing image", row, f"the file {state}")

    def decode(self, rows: Iterable[int]) -> None:
        recipe = ImageRecipe()
        for row in rows:
            try:
                data = self.index.image(row, recipe.max_bytes)
                self.headers.append(_core.probe(data))
                self.sizes.append(len(data))
                _core.decode(
                    data,
                    exif=recipe.exif,
                    max_pixels=recipe.max_pixels,
                    max_bytes=recipe.max_bytes,
                    max_scans=recipe.max_scans,
                    truncated=recipe.truncated,
                )
            except ImpastoError as error:
                self.note(_image_problem(error), row, error.reason)

    def report(self) -> Report:
        captions = {
            "total": len(self.words),
            "per_image": _spread(self.per_image, "mean"),
            "words": _spread(self.words, "mean"),
            "bytes": _spread(self.bytes, "mean"),
            "over_clip_length": self.over_length,
        }
        found = [problem for problem in self.problems.values() if problem.count]
        return Report(
            source=repr(self.source),
            rows=len(self.source),
            images=len(self.paths),
            labels=len(self.labels) or None,
            captions=captions,
            headers=self._headers(),
            problems=sorted(found, key=lambda problem: not problem.fatal),
        )

    def _headers(self) -> dict[str, Any]:
        formats, widths, heights, turns, channels, _, progressive = list(zip(*self.headers, strict=True)) or [()] * 7
        return {
            "checked": len(self.headers),
            "formats": dict(Counter(formats).most_common()),
            "width": _spread(widths, "median"),
            "height": _spread(heights, "median"),
            "megapixels": _spread([w * h / 1e6 for w, h in zip(widths, heights, strict=True)], "median"),
            "kilobytes": _spread([size / 1e3 for size in self.sizes], "median"),
            "progressive": sum(progressive),
            "rotated": sum(turn > 1 for turn in turns),
            "channels": {str(count): n for count, n in sorted(Counter(channels).items())},
        }


def _image_problem(error: ImpastoError) -> str:
    if isinstance(error, SourceError):
        return "unreadable image"
    if isinstance(error, TruncatedImageError):
        return "truncated image"
    if isinstance(error, ImageTooLargeError):
        return "huge image"
    return "unsupported image" if isinstance(error, UnsupportedImageError) else "undecodable image"


def _spread(values: Sequence[float], middle: str) -> dict[str, float] | None:
    if not values:
        return None
    average = np.mean(values) if middle == "mean" else np.median(values)
    return {"min": round(min(values), 3), middle: round(float(average), 3), "max": round(max(values), 3)}


def _token_counter() -> Callable[[str], int] | None:
    """Counts a caption's CLIP tokens, start and end included; ``None`` without the vocabulary."""
    try:
        native = ClipTokenizer().native
    except VocabularyError:
        return None

    def count(caption: str) -> int:
        cleaned = clean_caption(caption) if _core.needs_cleaning(caption) else caption
        return len(native.encode(cleaned, False)) + 2

    return count


def failure(error: ImpastoError, target: str) -> dict[str, Any]:
    """What to report when a data set does not open at all."""
    place = {"key": error.key, "path": error.path or target, "reason": error.reason}
    return {"ok": False, "source": target, "error": {"kind": type(error).__name__, **place}}
