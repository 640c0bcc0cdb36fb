"""``impasto bench style``: style randomization, step by step from the published module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import File, Given, output
from impasto_lab.bench.settings import StyleTiming

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.stylizing.measuring import StyleBench as Measured

EPILOG = """\
examples:
  impasto bench style                         minutes
  impasto bench style --quick                 seconds
  impasto bench style --device cuda --json style.json

JSON: rows (name, size, batch, milliseconds, rounds, ratio, share_of_resnet18_step, peak_megabytes, difference_max,
difference_mean), tolerance, skipped, device, machine, versions, settings, command, seed. ratio is the published form's
time over the row's; peak_megabytes what tensors take at most, above what was there before."""


@dataclass(frozen=True, kw_only=True)
class BenchStyle:
    """Times style randomization beside a plain transcription of the published module, step by step up to ours.

    The published module is timed as it is: its eager forward, both networks in float32 with gradients recorded; all
    forms have the published layout and the same random weights. First every form's images must agree with the published
    form's. Then they take turns, round by round; a row's figure is its median. A CPU is timed on one core, by CPU time;
    a GPU by wall-clock time.

    Two rows are something else: the compact network, and at 96x96 a training step of ResNet-18 on the same batch;
    restyling's share is what it takes of a step that restyles its whole batch.

    Args:
        quick: Two images of 96x96, 3 rounds, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    quick: bool = False
    json: File | None = None
    timing: Annotated[dict[str, Any], Given(StyleTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchStyle) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    timing = (StyleTiming.quick if bench.quick else StyleTiming)(**bench.timing)
    from impasto_lab.bench.stylizing.measuring import QUICK
    from impasto_lab.bench.stylizing.measuring import run as time_networks

    measured = time_networks(timing, workloads=QUICK if bench.quick else None, track=output.Progress(console))
    if bench.json != "-":
        _show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def _show(bench: Measured, console: Console) -> None:
    """Prints the figures as a table for each workload."""
    from rich.table import Table

    for workload in dict.fromkeys(row.workload for row in bench.rows):
        title = f"{workload.batch} images of {workload.size}x{workload.size}"
        table = Table(title=title, title_justify="left")
        table.add_column("step")
        for heading in ("ms", "as fast", "peak MB", "differs by", "of a step"):
            table.add_column(heading, justify="right")
        for row in bench.rows:
            if row.workload == workload:
                share = bench.share(row)
                table.add_row(
                    row.title,
                    f"{row.seconds * 1e3:.1f}",
                    "" if row.name == "resnet18" else f"{bench.ratio(row):.2f}x",
                    f"{row.peak_bytes / 1e6:.0f}",
                    "" if row.difference is None else f"{row.difference[0]:.0e}",
                    "" if share is None else f"{share:.0%}",
                )
        console.print(table)
    for name, reason in bench.skipped.items():
        console.print(f"skipped {name}: {reason}", markup=False, soft_wrap=True)
    console.print(f"{bench.device}, torch {bench.versions['torch']}", markup=False)
