"""``impasto bench train-step``: what of a training step is its loader's, and MixGen's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import File, Given, output
from impasto_lab.bench.settings import TrainStepTiming

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.train_step import TrainStepBench as Measured

EPILOG = """\
examples:
  impasto bench train-step                          a minute or so
  impasto bench train-step --quick                  seconds
  impasto bench train-step --width 160 --height 120 --json step.json

JSON: milliseconds (of CPU time a batch, by row), loader_share (of a step's CPU time, by loader), mixgen_share, ratio
(steps on one core, ours over the stock DataLoader's), waiting (share of the time with one worker), rounds (images a
second), answers, machine, versions, command, seed."""


@dataclass(frozen=True, kw_only=True)
class BenchTrainStep:
    """Times a CLIP's training step alone, with impasto's loader, and with a stock DataLoader on Pillow's transforms.

    Work of the loaders per image: RandomResizedCrop, horizontal flip, float32 normalised; MixGen on a quarter; CLIP
    tokens. First they replay the same crops and flips and must agree on images, ids and joined captions. Then rows take
    turns, round by round, each on one core, by its CPU time; a row's figure is that of its fastest round. What a step
    waits with one worker is wall-clock time, so other work on the machine is in it.

    Args:
        quick: 64 images, 3 rounds, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    quick: bool = False
    json: File | None = None
    timing: Annotated[dict[str, Any], Given(TrainStepTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchTrainStep) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    timing = (TrainStepTiming.quick if bench.quick else TrainStepTiming)(**bench.timing)
    from impasto_lab.bench.train_step import run as time_steps

    measured = time_steps(timing, track=output.Progress(console))
    if bench.json != "-":
        show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def show(bench: Measured, console: Console) -> None:
    """Prints the figures as a table, what follows from them, and what was compared first."""
    from rich.table import Table

    settings, machine = bench.settings, bench.machine
    title = (
        f"a batch of {settings['batch_size']}, CLIP {settings['preset']} ({bench.parameters / 1e6:.2f} M parameters)"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("one core")
    table.add_column("ms of CPU time", justify="right")
    for row in bench.rows:
        if row.workers == 0:
            table.add_row(row.title, f"{bench.milliseconds(row.name):.1f}")
    console.print(table)
    ours, peer = bench.shares
    part = {name: f"{100 * share:.1f} %" for name, share in bench.shares.items()}
    waits = {name: f"{100 * share:.1f} %" for name, share in bench.waiting.items()}
    for line in (
        f"{machine['cpu']}, {machine['cpus']} CPUs",
        f"of a step's CPU time the loader takes {part[ours]}, Pillow's {part[peer]}",
        f"MixGen takes {100 * bench.mixgen:.2f} % of a step",
        f"one core makes {bench.ratio:.2f}x as many steps with impasto's loader",
        f"with one worker a step waits {waits[ours]} of the time, with Pillow's {waits[peer]}",
        *bench.answers.lines(),
    ):
        console.print(line, markup=False, soft_wrap=True)
