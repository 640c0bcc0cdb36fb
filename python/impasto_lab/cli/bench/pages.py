"""What every bench shows beside its table: a plot, and a page that stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from impasto.cli import output
from impasto.errors import SourceError

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Shown:
    """A bench's figures as people see them.

    Attributes:
        title: What was timed.
        headings: Of the table.
        rows: The table's cells.
        values: What the plot compares, by name.
        unit: Of the values.
        notes: What a reader has to know: the machine, what was compared, who is absent.
        command: How it is run again.
        best: Names that stand out in the plot; by default ours, those with ``impasto`` in them.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    values: Mapping[str, float]
    unit: str
    notes: Sequence[str]
    command: str
    best: Sequence[str] = ()

    def png(self) -> bytes:
        """The plot, a PNG."""
        from impasto_lab.report.plots import bars_png

        ours = [name for name in self.values if "impasto" in name]
        return bars_png(self.values, unit=self.unit, best=self.best or ours)


@dataclass(frozen=True)
class Curved(Shown):
    """The same with lines in the place of bars.

    Attributes:
        lines: By name: the x and the y of its points.
        x: What the x axis shows; the y axis shows the unit.
    """

    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]] = field(default_factory=dict)
    x: str = ""

    def png(self) -> bytes:
        """The plot, a PNG."""
        from impasto_lab.report.plots import curves_png

        return curves_png(self.lines, x=self.x, y=self.unit)


class Targets(NamedTuple):
    """Where a plot, a page and the JSON go; None for nowhere, ``'-'`` for standard output, alone."""

    plot: str | None
    page: str | None
    json: str | None


def finish(shown: Shown, document: Mapping[str, Any], console: Console, targets: Targets) -> None:
    """Prints the table and its notes, and writes what is asked for.

    Args:
        shown: The figures.
        document: The same as JSON has them.
        console: Where the table goes.
        targets: Where all else goes.

    Raises:
        SourceError: If a file can't be written.
    """
    if targets.json != "-":
        output.Terminal(console).table(shown.title, shown.headings, shown.rows)
        for note in shown.notes:
            console.print(note, markup=False, soft_wrap=True)
    output.write_json(document, targets.json)
    write(shown, plot=targets.plot, page=targets.page)


def left_out(data: str | None, found: Mapping[str, int]) -> list[str]:
    """The note on images of somebody's own data that aren't among what was timed, where there are some.

    Args:
        data: What the data are.
        found: How many, by what they are.
    """
    counted = ", ".join(f"{number} {kind}" for kind, number in found.items())
    return [f"left out of {data}: {counted}; `impasto info` says more"] if found else []


def absent(found: Mapping[str, str]) -> Iterator[str]:
    """The notes on peers that can't run here, with what installs those that aren't installed.

    Args:
        found: The reasons, by name.
    """
    yield from (f"absent: {name}: {reason}" for name, reason in found.items())
    if any(reason.startswith("No module named") for reason in found.values()):
        yield "`make bench-peers`, in a clone, installs who is no module here, into an environment of theirs"


def write(shown: Shown, *, plot: str | Path | None, page: str | Path | None) -> None:
    """Writes what is asked for.

    Args:
        shown: The figures.
        plot: A PNG file, or None.
        page: An HTML file, or None.

    Raises:
        SourceError: If a file can't be written.
    """
    if plot is not None:
        _write(shown.png(), plot)
    if page is not None:
        from impasto.jobs import encoded
        from impasto_lab.report.page import write_page

        write_page(Path(page), "bench.html", shown=shown, plot=encoded(shown.png(), "image/png"))


def _write(png: bytes, plot: str | Path) -> None:
    try:
        Path(plot).write_bytes(png)
    except OSError as error:
        raise SourceError(f"the plot cannot be written: {error.strerror}", path=str(plot)) from error
