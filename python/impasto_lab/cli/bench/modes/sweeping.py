"""What ``impasto bench loader --sweep`` shows: cores, threads and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.cli import output
from impasto_lab.bench import quiet
from impasto_lab.cli.bench import pages

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.alone.sweep import Sweep
    from impasto_lab.bench.settings import LoaderTiming

_TITLE = "The loader by cores"
_HEADINGS = ("version", "cores", "threads", "processes", "images/s", "slowest-fastest", "a core", "CPU share", "CPU ms")


def run(timing: LoaderTiming, console: Console, targets: pages.Targets) -> int:
    """Times the loader and shows what was found.

    Args:
        timing: How much is timed.
        console: Where the table goes.
        targets: Where all else goes.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench.alone.sweep import run as sweep

    measured = sweep(timing, track=output.Progress(console))
    best = measured.best
    lines: dict[str, tuple[list[int], list[float]]] = {
        kind: (list(rates), list(rates.values())) for kind, rates in best.items()
    }
    cores = list(best["threads"])
    first = best["threads"][cores[0]] / cores[0]
    lines["in proportion"] = (cores, [first * count for count in cores])
    shown = pages.Curved(
        title=_TITLE,
        headings=_HEADINGS,
        rows=_cells(measured),
        values={},
        unit="images/s",
        notes=_notes(measured),
        command=measured.command,
        lines=lines,
        x="cores; the best number of workers on each",
    )
    pages.finish(shown, measured.as_dict(), console, targets)
    return 0


def _cells(sweep: Sweep) -> list[list[str]]:
    return [
        [
            row.version or "",
            str(row.cores),
            str(row.workers) if row.kind == "threads" else "",
            str(row.workers) if row.kind == "processes" else "",
            f"{row.images_per_second:,.0f}",
            f"{min(row.rounds):,.0f}-{max(row.rounds):,.0f}",
            f"{row.images_per_second / row.cores:,.0f}",
            f"{row.share:.0%}",
            f"{row.milliseconds:.2f}",
        ]
        for row in sweep.rows
    ]


def _notes(sweep: Sweep) -> list[str]:
    """What a reader of the table has to know."""
    held = "held to so many of them" if sweep.held else "which can't be held to some of them here"
    notes = [
        f"{sweep.machine['cpu']}, {sweep.machine['cpus']} CPUs, {held}; wall-clock time, the second epoch",
        f"{quiet.told(sweep.load)}; what else ran takes part in rates and shares, not in CPU ms an image",
    ]
    for kind, rates in sweep.best.items():
        fewest, most = min(rates), max(rates)
        if fewest < most:
            notes.append(f"{kind}: {rates[most] / rates[fewest]:.2f}x the rate of {fewest} on {most} cores")
    return notes
