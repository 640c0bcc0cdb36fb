"""What verbs print, and write for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from impasto.errors import SourceError

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.jobs import Problem
    from impasto.progress import Progress as Tell

Item = TypeVar("Item")


def console(json_target: str | None = None) -> Console:
    """A console on standard output, or on standard error when the JSON takes that."""
    from rich.console import Console

    return Console(stderr=json_target == "-", highlight=False, emoji=False)


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


def show_problem(problem: Problem, shown_on: Console) -> None:
    """Prints a kind of problem, what to do about it, and where it was found first."""
    color = "red" if problem.fatal else "yellow"
    shown_on.print(f"[bold {color}]{problem.kind}[/] {problem.count:,}", end=" ")
    shown_on.print(problem.fix, markup=False, soft_wrap=True)
    for example in problem.examples:
        place = "  ".join(filter(None, (example["key"], example["path"])))
        shown_on.print(f"  {place}", markup=False, soft_wrap=True)
        shown_on.print(f"    {example['reason']}", markup=False, soft_wrap=True)


class Progress:
    """Shows how far a pass is, on a terminal: ``for item in Progress(console)(items, "what is done")``."""

    def __init__(self, shown_on: Console) -> None:
        self._console = shown_on

    def __call__(self, items: Sequence[Item], what: str) -> Iterable[Item]:
        """Yields the items, moving a bar."""
        from rich.progress import track

        return track(items, what, console=self._console, transient=True, disable=not self._console.is_terminal)


class Terminal:
    """Tells a terminal what is done, how far it is, and what came of it."""

    def __init__(self, shown_on: Console) -> None:
        self._console = shown_on

    def say(self, text: str) -> None:
        """Prints a line."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def bar(self, what: str) -> Iterator[Tell]:
        """Shows a bar while the context lasts, moved by calling it with what is done and what there is to do."""
        from rich.progress import Progress

        with Progress(console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            task = progress.add_task(what, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def table(
        self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], *, parted: bool = False
    ) -> None:
        """Prints a table, whose first column is text and whose others are numbers; as lines, if words had to be cut.

        Args:
            title: Above it.
            headings: Of the columns; they are folded at spaces and hyphens where the table would be too wide.
            rows: The cells, which are folded at spaces.
            parted: Whether a line stands where the first cell changes.
        """
        from rich.cells import cell_len
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        columns = [[row[number] for row in rows] for number in range(len(headings))]
        widths = [max(map(cell_len, [heading, *cells])) for heading, cells in zip(headings, columns, strict=True)]
        least = [
            max(map(cell_len, [*_folding(heading).split(), *" ".join(cells).split()]), default=0)
            for heading, cells in zip(headings, columns, strict=True)
        ]
        # A cell has a space on each side, and a line.
        while sum(widths) + 3 * len(widths) + 1 > self._console.width and widths != least:
            widest = max(range(len(widths)), key=lambda number: (widths[number] > least[number], widths[number]))
            widths[widest] -= 1
        if sum(widths) + 3 * len(widths) + 1 <= self._console.width:
            table = Table(title=title, title_justify="left")
            for number, (heading, width) in enumerate(zip(headings, widths, strict=True)):
                shown = heading if cell_len(heading) <= width else _folding(heading)
                table.add_column(shown, justify="right" if number else "left", width=width)
            for number, row in enumerate(rows):
                if parted and number and row[0] != rows[number - 1][0]:
                    table.add_section()
                table.add_row(*row)
            self._console.print(table)
            return
        self._console.print(title, markup=False, style="italic")
        for text, *numbers in rows:
            known = [f"{heading} {one}" for heading, one in zip(headings[1:], numbers, strict=True) if one]
            self._console.print(text, markup=False)
            self._console.print(Padding(Text("; ".join(known)), (0, 0, 0, 2)))


def _folding(heading: str) -> str:
    """A heading that may be folded after its hyphens too: where a space is is the only place that rich folds at."""
    return heading.replace("-", "- ")
