"""``impasto bench loader``: the whole loader, beside two Python loaders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import File, Folder, Given, Positive, output
from impasto.errors import SourceError
from impasto_lab.bench.settings import LoaderTiming

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.loader import LoaderBench as Measured

EPILOG = """\
examples:
  impasto bench loader                        two minutes or so
  impasto bench loader --quick                seconds, one core only
  impasto bench loader --workers 0 4 8 --images 4096 --json loader.json
  impasto bench loader --data captions_val2017.json --images-of val2017/ --plot where.png

With --data the JSON has stats (stages, shares, waited, queue, busy, binds, advice) and stored_smaller; without it:
JSON: rows (name, workers, images_per_second, rounds, clock, wall_rounds), ratio_to (peer -> our rate over its rate, at
the smallest number of workers), ratios (peer -> workers -> the same), scaling (what our rates say of more cores),
answers, machine, versions, command, seed."""


@dataclass(frozen=True, kw_only=True)
class BenchLoader:
    """Times the whole loader, from JPEG files on disk to mixed and tokenised batches, beside the same work in Python.

    That is Pillow + torchvision transforms, and torchvision.io + transforms v2, each with MixGen and open_clip's
    tokenizer in a stock DataLoader. The photographs are scikit-image's and scikit-learn's, cut to 640x480 (JPEG,
    quality 90, 4:2:0). Work per image: RandomResizedCrop 224, horizontal flip, float32 normalised; MixGen on a quarter;
    77 CLIP tokens.

    First all loaders replay the same crops and flips and must agree on images, ids and joined captions. Then they take
    turns, round by round; a row's figure is its median. Rows without workers are held to one CPU and count CPU time, so
    that what else runs on the machine takes no part; the others count wall-clock time.

    With --data it takes batches of your own data set as fast as they come instead, and says what their time goes to,
    what binds, and what would help; where images do, some of yours are stored again at short side 256, and timed.

    Args:
        data: Your own data set, as `impasto info` takes it; --batch-size, --workers (the most of them) and --seed hold.
        images_of: Folder of its images, by default looked for near the annotations.
        batches: The most batches of --data that are taken.
        plot: A PNG file with what the time of --data goes to.
        quick: 128 images in batches of 32, 3 rounds, no workers, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    data: Annotated[str, "PATH"] | None = None
    images_of: Folder | None = None
    batches: Positive = 50
    plot: File | None = None
    quick: bool = False
    json: File | None = None
    timing: Annotated[dict[str, Any], Given(LoaderTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchLoader) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    if bench.data is not None:
        return _look(bench, bench.data, console)
    timing = (LoaderTiming.quick if bench.quick else LoaderTiming)(**bench.timing)
    # Peers take their time to import, which nobody waits for who is refused.
    from impasto_lab.bench.loader import run as time_loaders

    measured = time_loaders(timing, track=output.Progress(console))
    if bench.json != "-":
        show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def _look(bench: BenchLoader, place: str, console: Console) -> int:
    from impasto import sources

    timing = LoaderTiming(**bench.timing)
    data = sources.open(place, images=bench.images_of)
    from impasto_lab.bench.alone.own_data import run as time_own

    measured = time_own(
        data,
        batch_size=timing.batch_size,
        batches=bench.batches,
        workers=max(timing.workers),
        seed=timing.seed,
        track=output.Progress(console),
    )
    stats = measured.stats
    if bench.json != "-":
        rate, _, _ = str(stats).split("\n", 2)
        console.print(rate, markup=False, soft_wrap=True)
        for name, share in stats.shares.items():
            console.print(f"{name:>10} {share:6.1%} {'█' * round(40 * share)}", markup=False)
        console.print(stats.advice, markup=False, soft_wrap=True)
    if bench.plot is not None:
        from impasto_lab.report.plots import bars_png

        shares = {name: 100 * share for name, share in stats.shares.items()}
        drawn = bars_png(shares, unit="% of the workers' time", best=(stats.binds or "",), width=5.0)
        try:
            Path(bench.plot).write_bytes(drawn)
        except OSError as error:
            raise SourceError(f"the plot cannot be written: {error.strerror}", path=bench.plot) from error
    output.write_json(measured.as_dict(), bench.json)
    return 0


def show(bench: Measured, console: Console) -> None:
    """Prints the figures as a table, with what was compared first."""
    from rich.table import Table

    table = Table(title="files on disk to mixed, tokenised batches", title_justify="left")
    table.add_column("loader")
    for heading in ("workers", "images/s", "slowest-fastest", "impasto is"):
        table.add_column(heading, justify="right")
    previous = bench.rows[0].name
    for row in bench.rows:
        if row.name != previous:
            table.add_section()
            previous = row.name
        ratio = bench.ratios.get(row.name, {}).get(row.workers)
        spread = f"{min(row.rounds):.0f}-{max(row.rounds):.0f}"
        faster = "" if ratio is None else f"{ratio:.2f}x as fast"
        table.add_row(row.title, str(row.workers), f"{row.images_per_second:.0f}", spread, faster)
    console.print(table)
    machine = bench.machine
    console.print(
        f"{machine['cpu']}, {machine['cpus']} CPUs; rows without workers: one of them, its CPU time", markup=False
    )
    if (scaling := bench.scaling) is not None:
        console.print(scaling.line(), markup=False, soft_wrap=True)
    for line in bench.answers.lines():
        console.print(line, markup=False, soft_wrap=True)
