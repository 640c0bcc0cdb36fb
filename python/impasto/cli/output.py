"""What verbs take alike, print, and write for machines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from impasto.errors import SourceError
from impasto.extras import need

Item = TypeVar("Item")


def add_data(parser: argparse.ArgumentParser, name: str) -> None:
    """Adds what `impasto.sources.open` opens a data set by."""
    metavar = name.upper()
    parser.add_argument(name, metavar=metavar, help="annotation file, folder, tar shard, or pattern of shards")
    parser.add_argument("--images", metavar="DIR", help=f"folder of the images (default: looked for near {metavar})")
    parser.add_argument("--caption", metavar="WHERE", help="where shards keep captions: txt, or json:FIELD")


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds ``--json FILE`` to a verb."""
    parser.add_argument("--json", metavar="FILE", help=f"write {what} as JSON too ('-': to standard output, alone)")


def console(json_target: str | None = None) -> Any:
    """A `rich.console.Console`: on standard error when the JSON takes standard output."""
    return need("rich.console", "cli").Console(stderr=json_target == "-", highlight=False)


def write_json(document: object, target: str | None) -> None:
    """Writes a document for machines.

    Args:
        document: What `json.dumps` takes.
        target: A file, ``"-"`` for standard output, or None for nowhere.

    Raises:
        SourceError: If the file can't be written.
    """
    text = json.dumps(document, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
    elif target is not None:
        try:
            Path(target).write_text(text, encoding="utf-8")
        except OSError as error:
            raise SourceError(f"the JSON cannot be written: {error.strerror}", path=target) from error


def count(text: str) -> int:
    """Parses a whole number that isn't negative, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def positive(text: str) -> int:
    """Parses a whole number of at least 1, for argparse."""
    if (number := count(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be at least 1")
    return number


class Progress:
    """Shows how far a pass is, on a terminal: ``for item in Progress(console)(items, "what is done")``."""

    def __init__(self, shown_on: Any) -> None:
        self._console = shown_on

    def __call__(self, items: Sequence[Item], what: str) -> Iterable[Item]:
        """Yields the items, moving a bar."""
        tracked: Iterable[Item] = need("rich.progress", "cli").track(
            items, what, console=self._console, transient=True, disable=not self._console.is_terminal
        )
        return tracked


class Terminal:
    """Tells an experiment's progress to a terminal: an `impasto_lab.experiments.narrator.Narrator`."""

    def __init__(self, shown_on: Any) -> None:
        self._console = shown_on

    def say(self, text: str) -> None:
        """Prints a line."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Shows a bar, moved by calling it with how much is done and how much there is."""
        progress = need("rich.progress", "cli").Progress(
            console=self._console, transient=True, disable=not self._console.is_terminal
        )
        with progress:
            task = progress.add_task(what, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Prints a table, whose first column is text and whose others are numbers."""
        table = need("rich.table", "cli").Table(title=title, title_justify="left")
        for number, heading in enumerate(headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
