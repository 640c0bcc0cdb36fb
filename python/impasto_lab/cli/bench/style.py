"""``impasto bench style``: style randomization, step by step from the published module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Folder, Given, Written, output
from impasto_lab.bench import quiet
from impasto_lab.bench.settings import StyleTiming
from impasto_lab.cli.bench import idle, pages
from impasto_lab.cli.bench.waiting import Waiting

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.stylizing.measuring import StyleBench as Measured
    from impasto_lab.bench.stylizing.measuring import StyleRow, Workload

EPILOG = """\
examples:
  impasto bench style                         minutes
  impasto bench style --quick                 seconds
  impasto bench style --device cuda --json style.json
  impasto bench style --data photographs/ --plot style.png --page style.html

JSON: rows (name, size, batch, milliseconds, rounds, ratio, share_of_resnet18_step, peak_megabytes, difference_max,
difference_mean), tolerance, skipped, device, machine, load_average, quiet, versions, settings, command, seed. ratio is
the published form's time over the row's; peak_megabytes what tensors take at most, above what was there before."""


@dataclass(frozen=True, kw_only=True)
class BenchStyle(Waiting):
    """Times style randomization beside a plain transcription of the published module, step by step up to ours.

    The published module is timed as it is: its eager forward, both networks in float32 with gradients recorded; all
    forms have the published layout and the same random weights. First every form's images must agree with the published
    form's. Then they take turns, round by round; a row's figure is its median. A CPU is timed on one core, by CPU time;
    a GPU by wall-clock time.

    Two rows are something else: the compact network, and at 96x96 a training step of ResNet-18 on the same batch;
    restyling's share is what it takes of a step that restyles its whole batch.

    Args:
        data: Your own data set, as `impasto info` takes it: the middle of images spread over it; by default
            photographs.
        images_of: Folder of its images, by default looked for near the annotations.
        quick: Two images of 96x96, 3 rounds, unless told otherwise.
        plot: A PNG file with what each form takes for an image.
        page: An HTML page with the table and the plot.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    data: Annotated[str, "PATH"] | None = None
    images_of: Folder | None = None
    quick: bool = False
    plot: Written | None = None
    page: Written | None = None
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(StyleTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchStyle) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    idle.refuse_images_of(bench.data, bench.images_of)
    console = output.console(bench.json)
    timing = (StyleTiming.quick if bench.quick else StyleTiming)(**bench.timing)
    bench.wait(console)
    from impasto import sources

    data = None if bench.data is None else sources.open(bench.data, images=bench.images_of)
    from impasto_lab.bench.stylizing.measuring import QUICK
    from impasto_lab.bench.stylizing.measuring import run as time_networks

    measured = time_networks(
        timing, data=data, workloads=QUICK if bench.quick else None, track=output.Progress(console)
    )
    if bench.json != "-":
        _show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    pages.write(
        pages.Shown(
            title="Restyling images",
            headings=("step", "batch", *_HEADINGS),
            rows=[[row.title, _batch(row.workload), *_cells(measured, row)] for row in measured.rows],
            values={f"{row.title}, {_batch(row.workload)}": _each(row) for row in measured.rows},
            unit="ms an image",
            notes=_notes(measured),
            command=measured.command,
        ),
        plot=bench.plot,
        page=bench.page,
    )
    return 0


_HEADINGS = ("ms", "as fast", "peak MB", "differs by", "of a step")


def _show(bench: Measured, console: Console) -> None:
    """Prints the figures as a table for each workload."""
    for workload in dict.fromkeys(row.workload for row in bench.rows):
        rows = [[row.title, *_cells(bench, row)] for row in bench.rows if row.workload == workload]
        output.Terminal(console).table(_batch(workload), ["step", *_HEADINGS], rows)
    for note in _notes(bench):
        console.print(note, markup=False, soft_wrap=True)


def _cells(bench: Measured, row: StyleRow) -> list[str]:
    share = bench.share(row)
    return [
        f"{row.seconds * 1e3:.1f}",
        "" if row.name == "resnet18" else f"{bench.ratio(row):.2f}x",
        f"{row.peak_bytes / 1e6:.0f}",
        "" if row.difference is None else f"{row.difference[0]:.0e}",
        "" if share is None else f"{share:.0%}",
    ]


def _batch(workload: Workload) -> str:
    return f"{workload.batch} images of {workload.size}x{workload.size}"


def _each(row: StyleRow) -> float:
    return 1e3 * row.seconds / row.workload.batch


def _notes(bench: Measured) -> list[str]:
    """What a reader of the tables has to know."""
    skipped = [f"skipped {name}: {reason}" for name, reason in bench.skipped.items()]
    versions = ", ".join(f"{name} {version}" for name, version in bench.versions.items())
    return [*skipped, f"{bench.device}; {versions}", quiet.told(bench.load)]
