"""The captions, labels and paths of a data set, looked at: all of them, as they are in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from impasto import _core
from impasto.errors import ImpastoError, SourceError, VocabularyError
from impasto.jobs.inspection.report import image_problem, spread
from impasto.jobs.inspection.rows import Texts
from impasto.progress import Progress
from impasto.recipe import ClipTokenizer, TextRecipe, clean_caption
from impasto.sources import Source

_CLIP_LENGTH = 77
#: Progress is told after so many rows.
_STRIDE = 1000


class TextSurvey:
    """What was counted in the texts of a data set.

    Args:
        source: The data set.
        note: Told what is wrong: the kind of problem, the row, the reason.
        seen: Told each row's captions, and where its image lies.

    Attributes:
        bad: Rows that have no image, or whose entry is wrong: there is nothing to look at.
    """

    def __init__(
        self,
        source: Source,
        note: Callable[[str, int, str], None],
        seen: Callable[[int, list[str], str], None] = lambda *_: None,
    ) -> None:
        self._count, self._texts, self._note, self._tell = len(source), Texts(source), note, seen
        self.bad: set[int] = set()
        self.paths: set[str] = set()
        self.labels: set[int] = set()
        self._per_image: list[int] = []
        self._words: list[int] = []
        self._bytes: list[int] = []
        self._over = 0
        self._without: list[int] = []
        self._seen: set[int] = set()
        self._count_tokens = _token_counter()

    def read(self, progress: Progress, total: int) -> None:
        """Looks at every row."""
        rows = self._count
        for row in range(rows):
            self._read_row(row)
            if (row + 1) % _STRIDE == 0 or row + 1 == rows:
                progress(row + 1, total)
        if self._words or not self.labels:
            for row in self._without:
                self._note("no caption", row, "the row has no caption")

    def at(self, row: int) -> tuple[_core.Index, int]:
        """An index that has a row, and its number there; its image may be left out."""
        return self._texts.at(row)

    def statistics(self) -> dict[str, Any]:
        """`Report.captions`."""
        return {
            "total": len(self._words),
            "per_image": spread(self._per_image, "mean"),
            "words": spread(self._words, "mean"),
            "bytes": spread(self._bytes, "mean"),
            "over_clip_length": self._over if self._count_tokens else None,
        }

    def _read_row(self, row: int) -> None:
        index, place = self._texts.at(row)
        path = index.path(place)
        self.paths.add(path if path != "memory" else f"row {row}")
        self._read_label_and_fault(row)
        captions = self._read_captions(row)
        self._tell(row, captions, path)
        identity = hash((index.key(place), path, *captions))
        if identity in self._seen and row not in self.bad:
            self._note("duplicate", row, "the same row occurs before")
        self._seen.add(identity)

    def _read_label_and_fault(self, row: int) -> None:
        index, place = self._texts.at(row)
        fault = index.fault(place)
        try:
            label = index.label(place)
        except ImpastoError as error:
            self._note("bad label", row, error.reason)
            self.bad.add(row)
            fault = None if fault is not None and fault.reason == error.reason else fault
        else:
            if label is not None:
                self.labels.add(label)
        if fault is not None:
            self._note("bad row" if isinstance(fault, SourceError) else image_problem(fault), row, fault.reason)
            self.bad.add(row)

    def _read_captions(self, row: int) -> list[str]:
        """Counts a row's captions; returns those that can be read."""
        index, place = self._texts.at(row)
        count = index.caption_count(place)
        if not count and row not in self.bad:
            self._without.append(row)
        captions, wrong = [], []
        for which in range(count):
            try:
                captions.append(index.caption(place, which))
            except ImpastoError as error:
                wrong.append(("bad caption", error.reason))
        self._per_image.append(count)
        wrong += [problem for caption in captions if (problem := self._measure(row, caption)) is not None]
        for kind, reason in wrong:
            self._note(kind if len(wrong) == count else "unused caption", row, reason)
        return captions

    def _measure(self, row: int, caption: str) -> tuple[str, str] | None:
        """Counts a caption; returns what keeps it from being used, if anything."""
        size, limit = len(caption.encode()), TextRecipe.max_bytes
        self._words.append(len(caption.split()))
        self._bytes.append(size)
        if not caption.strip():
            return "empty caption", "the caption is empty"
        if size > limit:
            return "over-long caption", f"the caption has {size} bytes, more than max_bytes={limit}"
        if self._count_tokens is not None and (tokens := self._count_tokens(caption)) > _CLIP_LENGTH:
            self._over += 1
            self._note("cut caption", row, f"the caption has {tokens} CLIP tokens, more than {_CLIP_LENGTH}")
        return None


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
