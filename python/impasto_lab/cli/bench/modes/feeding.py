"""What ``impasto bench train-step --device`` shows: a step on a device and what feeds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from impasto.cli import output
from impasto_lab.bench import quiet
from impasto_lab.cli.bench import pages

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.sources import Source
    from impasto_lab.bench.feeding.measuring import FedBench
    from impasto_lab.bench.settings import FeedTiming, TrainStepTiming

_HEADINGS = ("fed by", "version", "cores", "images/s", "of the bound", "waits", "GPU", "than stock")


def run(
    timing: TrainStepTiming,
    feed: FeedTiming,
    console: Console,
    *,
    sweep: bool,
    data: Source | None,
    targets: pages.Targets,
) -> int:
    """Times the step and shows what was found.

    Args:
        timing: The files, the batch, the rounds, the CLIP's size.
        feed: The device, the model, the cores.
        console: Where the table goes.
        sweep: Whether 1, 2, 4 and so on of the cores have rows.
        data: Whose images and captions; photographs by default.
        targets: Where all else goes.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench import machine
    from impasto_lab.bench.alone.sweep import doubling
    from impasto_lab.bench.feeding.measuring import TITLES
    from impasto_lab.bench.feeding.measuring import run as time_steps

    if sweep and not feed.cores:
        feed = replace(feed, cores=doubling(len(machine.cpus())))
    measured = time_steps(timing, feed, data=data, track=output.Progress(console))
    lines: dict[str, tuple[list[int], list[float]]] = {}
    for row in measured.rows[1:]:
        counts, rates = lines.setdefault(TITLES[row.kind], ([], []))
        counts.append(row.cores)
        rates.append(row.images_per_second)
    cores = sorted({row.cores for row in measured.rows})
    lines[TITLES["bound"]] = (cores, [measured.bound] * len(cores))
    shown = pages.Curved(
        title=_title(measured),
        headings=_HEADINGS,
        rows=_cells(measured),
        values={},
        unit="images/s",
        notes=_notes(measured),
        command=measured.command,
        lines=lines,
        x="cores, and as many workers",
    )
    pages.finish(shown, measured.as_dict(), console, targets)
    return 0


def _title(bench: FedBench) -> str:
    settings = bench.settings
    model = f"CLIP {settings['preset']}" if settings["model"] == "clip" else settings["model"]
    return f"{bench.device}: {model} ({bench.parameters / 1e6:.1f} M parameters), batches of {settings['batch_size']}"


def _cells(bench: FedBench) -> list[list[str]]:
    from impasto_lab.bench.feeding.measuring import TITLES

    cells = []
    for row in bench.rows:
        said, ratio = row.utilization, bench.ratio(row)
        cells.append(
            [
                TITLES[row.kind],
                row.version or "",
                str(row.cores),
                f"{row.images_per_second:,.0f}",
                f"{row.images_per_second / bench.bound:.0%}",
                f"{row.waiting:.0%}",
                "" if said is None else f"{said:.0%}",
                "" if ratio is None else f"{ratio:.2f}x",
            ]
        )
    return cells


def _notes(bench: FedBench) -> list[str]:
    """What a reader of the table has to know."""
    machine, settings = bench.machine, bench.settings
    held = "held to so many of them" if bench.held else "which can't be held to some of them here"
    says = "" if any(row.utilization is not None for row in bench.rows) else "; no device tells how busy it is"
    about = f"{machine['cpu']}, {machine['cpus']} CPUs, {held}, with as many workers; wall-clock time"
    rounds = (
        f"medians of {settings['rounds']} rounds of {settings['seconds']:g} s, when what was ready at first is gone"
    )
    return [
        f"{about}, {rounds}",
        f"waits: of the time, what the device is in no step: it waits for a batch, or for its copy{says}",
        *([] if says else ["GPU: of the time, what the device says that it computes"]),
        f"{quiet.told(bench.load)}; what else ran takes part",
        *(f"left out: {row}: {reason}" for row, reason in bench.skipped.items()),
        *bench.answers.lines(),
    ]
