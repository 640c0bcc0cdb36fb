"""``impasto bench scale``: the loader against the number of samples, workers and ranks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Given, Written, output
from impasto_lab.bench import quiet
from impasto_lab.bench.settings import ScaleTiming
from impasto_lab.cli.bench.waiting import Waiting

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.alone.scale import ScaleBench as Measured

EPILOG = """\
examples:
  impasto bench scale                         minutes, 2.5 GB of links to one shard of 25 MB
  impasto bench scale --quick                 seconds
  impasto bench scale --workers 0 1 8 16 --ranks 1 2 4 8 --json scale.json

JSON: rows (kind, count, samples_per_second), start (samples, shards, index_seconds, open_seconds, first_batch_seconds,
index_megabytes), resume (samples, at, step, seconds), machine, versions, settings, load_average, quiet, seed,
command."""


@dataclass(frozen=True, kw_only=True)
class BenchScale(Waiting):
    """Times the loader against how much there is: samples, workers, ranks; and how soon it starts and goes on.

    The samples are images of 32x32 pixels in shards of 10,000, all of which are links to the first: what is measured
    is what the loader does around decoding, with files in memory. Rates are wall-clock time after the first batch, so
    other work on the machine is in them; starts are counted in CPU time.

    Args:
        quick: Up to 4,000 samples and 4 batches, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    quick: bool = False
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(ScaleTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchScale) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    timing = (ScaleTiming.quick if bench.quick else ScaleTiming)(**bench.timing)
    bench.wait(console)
    from impasto_lab.bench.alone.scale import run as time_scale

    measured = time_scale(timing, track=output.Progress(console))
    if bench.json != "-":
        show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def show(bench: Measured, console: Console) -> None:
    """Prints the figures as two tables."""
    terminal = output.Terminal(console)
    rates = [[f"{row['count']:,} {row['kind']}", f"{row['samples_per_second']:,.0f}"] for row in bench.rows]
    terminal.table("samples a second", ["of", "rate"], rates)
    names = ("index_seconds", "open_seconds", "first_batch_seconds", "index_megabytes")
    starts = [[f"{one['samples']:,}", *(f"{one[name]:,.3g}" for name in names)] for one in bench.start]
    terminal.table("a start", ["samples", "first index, s", "kept index, s", "first batch, s", "index, MB"], starts)
    resume = bench.resume
    where = f"sample {resume['at']:,} of {resume['samples']:,}"
    terminal.say(f"a resume at {where}: {1e3 * resume['seconds']:.1f} ms to the next keys")
    terminal.say(f"{quiet.told(bench.load)}; what else ran takes part in rates")
