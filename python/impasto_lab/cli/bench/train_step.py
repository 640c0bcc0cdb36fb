"""``impasto bench train-step``: what of a training step is its loader's, and MixGen's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.checks import require
from impasto.cli import Folder, Given, Written, output
from impasto_lab.bench import quiet
from impasto_lab.bench.settings import FeedTiming, TrainStepTiming
from impasto_lab.cli.bench import idle, pages
from impasto_lab.cli.bench.modes import feeding
from impasto_lab.cli.bench.waiting import Waiting

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.sources import Source
    from impasto_lab.bench.train_step import TrainStepBench as Measured

EPILOG = """\
examples:
  impasto bench train-step                          a minute or so
  impasto bench train-step --quick                  seconds
  impasto bench train-step --width 160 --height 120 --json step.json
  impasto bench train-step --preset base --pace 121   an H200's step of CLIP ViT-B/32, of one in 16 cores
  impasto bench train-step --data captions_val2017.json --images-of val2017/ --page step.html
  impasto bench train-step --device cuda --model resnet18 --batch-size 256 --sweep --page cores.html
  impasto bench train-step --device cpu --quick       seconds, to see it work

With --device the JSON has rows (name, title, version, cores, images_per_second, rounds, waiting, utilization, of_bound,
ratio to the stock loader on as many cores), skipped, device, held (to the cores), parameters, answers. Without it:
JSON: rows (name, title, version, workers, images_per_second, rounds, clock, wall_rounds), milliseconds (of CPU time a
batch, by row), loader_share (of a step's CPU time, by loader), mixgen_share, ratio (steps on one core, ours over the
stock DataLoader's), waiting (share of the time with one worker), waits (the same of each round), answers, machine,
load_average, quiet, versions, settings, command, seed."""


@dataclass(frozen=True, kw_only=True)
class BenchTrainStep(Waiting):
    """Times a CLIP's training step alone, with impasto's loader, and with a stock DataLoader on Pillow's transforms.

    With --pace the step takes a fixed time elsewhere, as on an accelerator. With --device it runs there, by wall-clock
    time: on a batch that is there already, which bounds the others, and fed by impasto in threads, in processes and
    prefetched to the device, and by the stock DataLoader with torchvision.io, the faster of the two that are compared
    elsewhere (page-locked on a GPU), with as many workers as cores.

    Work of the loaders per image: RandomResizedCrop, horizontal flip, float32 normalised; MixGen on a quarter; CLIP
    tokens. First they replay the same crops and flips and must agree on images, ids and joined captions. Then rows take
    turns, round by round, each on one core, by its CPU time; a row's figure is its median. What a step
    waits with one worker is wall-clock time, so other work on the machine is in it.

    Args:
        sweep: With --device: held to 1, 2, 4 and so on of the cores.
        data: Your own data set, as `impasto info` takes it: images spread over it, with their first caption or, in a
            folder of classes, their class's name; photographs of --width and --height by default.
        images_of: Folder of its images, by default looked for near the annotations.
        quick: 64 images, 3 rounds, unless told otherwise; with --device 32 images in batches of 8, a CLIP of --preset
            tiny, one round.
        plot: A PNG file with what each row takes on one core, or with rates by cores.
        page: An HTML page with the table, the plot and what was compared.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    sweep: bool = False
    data: Annotated[str, "PATH"] | None = None
    images_of: Folder | None = None
    quick: bool = False
    plot: Written | None = None
    page: Written | None = None
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(TrainStepTiming, "timing")] = field(default_factory=dict)
    feed: Annotated[dict[str, Any], Given(FeedTiming, "on a device")] = field(default_factory=dict)


def run(bench: BenchTrainStep) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    idle.refuse_images_of(bench.data, bench.images_of)
    console = output.console(bench.json)
    if bench.feed.get("device") is not None:
        return _feed(bench, console)
    idle.refuse_alone([*(["sweep"] if bench.sweep else []), *bench.feed], "steps on a device", flag="--device")
    timing = (TrainStepTiming.quick if bench.quick else TrainStepTiming)(**bench.timing)
    bench.wait(console)
    data = _data(bench)
    from impasto_lab.bench.train_step import run as time_steps

    measured = time_steps(timing, data=data, track=output.Progress(console))
    pages.finish(shown(measured), measured.as_dict(), console, pages.Targets(bench.plot, bench.page, bench.json))
    return 0


def _feed(bench: BenchTrainStep, console: Console) -> int:
    nothing = [f"--{name}" for name in ("pace",) if name in bench.timing]
    nothing += ["--preset"] if "preset" in bench.timing and bench.feed.get("model", "clip") != "clip" else []
    nothing += ["--side"] if "side" in bench.feed and bench.feed.get("model", "clip") == "clip" else []
    require(not nothing, f"{', '.join(nothing)}: says nothing beside the other flags; leave it out")
    make = TrainStepTiming.quick_on_device if bench.quick else TrainStepTiming
    timing, feed = make(**bench.timing), (FeedTiming.quick if bench.quick else FeedTiming)(**bench.feed)
    bench.wait(console)
    return feeding.run(
        timing,
        feed,
        console,
        sweep=bench.sweep,
        data=_data(bench),
        targets=pages.Targets(bench.plot, bench.page, bench.json),
    )


def _data(bench: BenchTrainStep) -> Source | None:
    from impasto import sources

    return None if bench.data is None else sources.open(bench.data, images=bench.images_of)


_HEADINGS = ("one core", "version", "ms of CPU time", "slowest-fastest")


def shown(bench: Measured) -> pages.Shown:
    """The figures as a table, what follows from them, and what was compared first."""
    return pages.Shown(
        title=_title(bench),
        headings=_HEADINGS,
        rows=_cells(bench),
        values={row.title: bench.milliseconds(row.name) for row in bench.rows if row.workers == 0},
        unit="ms of CPU time a batch, one core",
        notes=_notes(bench),
        command=bench.command,
    )


def _title(bench: Measured) -> str:
    settings = bench.settings
    if bench.pace:
        return f"A batch of {settings['batch_size']}, images of CLIP {settings['preset']}, a step of {bench.pace:g} ms"
    parameters = f"{bench.parameters / 1e6:.2f} M parameters"
    return f"A batch of {settings['batch_size']}, CLIP {settings['preset']} ({parameters})"


def _cells(bench: Measured) -> list[list[str]]:
    batch = 1e3 * bench.settings["batch_size"]
    return [
        [
            row.title,
            row.version or "",
            f"{bench.milliseconds(row.name):.1f}",
            f"{batch / min(row.rounds):.1f}-{batch / max(row.rounds):.1f}",
        ]
        for row in bench.rows
        if row.workers == 0
    ]


def _notes(bench: Measured) -> list[str]:
    """What follows, and what a reader of the table has to know."""
    ours, peer = bench.shares
    part = {name: f"{100 * share:.1f} %" for name, share in bench.shares.items()}
    waits = {name: f"{100 * share:.1f} %" for name, share in bench.waiting.items()}
    ratio = [] if bench.ratio is None else [f"one core makes {bench.ratio:.2f}x as many steps with impasto's loader"]
    whole = f"of {bench.pace:g} ms" if bench.pace else "of a step's CPU time"
    return [
        f"{bench.machine['cpu']}, {bench.machine['cpus']} CPUs; {quiet.told(bench.load)}",
        f"{whole} the loader takes {part[ours]} of a core, Pillow's {part[peer]}",
        f"MixGen takes {100 * bench.mixgen:.2f} % of a step",
        *ratio,
        f"with one worker a step waits {waits[ours]} of the time, with Pillow's {waits[peer]}",
        *bench.answers.lines(),
    ]
