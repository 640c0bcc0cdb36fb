"""What every bench shows beside its table: a plot, and a page that stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import SourceError


@dataclass(frozen=True)
class Shown:
    """A bench's figures as people see them.

    Attributes:
        title: What was timed.
        headings: Of the table.
        rows: The table's cells.
        values: What the plot compares, by name; ours are those whose name begins with ``impasto``.
        unit: Of the values.
        notes: What a reader has to know: the machine, what was compared, who is absent.
        command: How it is run again.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    values: Mapping[str, float]
    unit: str
    notes: Sequence[str]
    command: str

    @property
    def ours(self) -> tuple[str, ...]:
        """Names that stand out."""
        return tuple(name for name in self.values if name.startswith("impasto"))


def write(shown: Shown, *, plot: str | Path | None, page: str | Path | None) -> None:
    """Writes what is asked for.

    Args:
        shown: The figures.
        plot: A PNG file, or None.
        page: An HTML file, or None.

    Raises:
        SourceError: If a file can't be written.
    """
    write_plot(shown.values, unit=shown.unit, best=shown.ours, plot=plot)
    if page is not None:
        from impasto_lab.report.page import write_page
        from impasto_lab.report.plots import bars

        drawn = bars(shown.values, unit=shown.unit, best=shown.ours)
        write_page(Path(page), "bench.html", shown=shown, plot=drawn)


def write_plot(values: Mapping[str, float], *, unit: str, best: Sequence[str], plot: str | Path | None) -> None:
    """Writes bars as a PNG file, if one is asked for.

    Raises:
        SourceError: If it can't be written.
    """
    if plot is None:
        return
    from impasto_lab.report.plots import bars_png

    try:
        Path(plot).write_bytes(bars_png(values, unit=unit, best=best))
    except OSError as error:
        raise SourceError(f"the plot cannot be written: {error.strerror}", path=str(plot)) from error
