"""How an experiment tells what it does: to a terminal, to a log, or to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from impasto.progress import Progress, silent


class Narrator(Protocol):
    """What an experiment tells its progress to."""

    def say(self, text: str) -> None:
        """Tells one line."""
        ...

    def bar(self, what: str) -> AbstractContextManager[Progress]:
        """Shows how far something is, while the context lasts."""
        ...

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Shows a table, whose first column is text and whose others are numbers."""
        ...


class Silent:
    """Tells nothing."""

    def say(self, text: str) -> None:
        """Drops the line."""

    def bar(self, what: str) -> AbstractContextManager[Progress]:
        """Shows nothing."""
        del what
        return nullcontext(silent)

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Drops the table."""
