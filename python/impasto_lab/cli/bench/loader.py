"""``impasto bench loader``: the whole loader, beside its peers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Folder, Given, Positive, Written, output
from impasto_lab.bench import quiet
from impasto_lab.bench.settings import LoaderTiming
from impasto_lab.cli.bench import idle, pages
from impasto_lab.cli.bench.modes import sweeping
from impasto_lab.cli.bench.waiting import Waiting

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.loader import LoaderBench as Measured

EPILOG = """\
examples:
  impasto bench loader                        two minutes or so
  impasto bench loader --quick                seconds, one core only
  impasto bench loader --workers 0 4 8 --images 4096 --json loader.json
  impasto bench loader --peers all --workers 0 2 --page loaders.html
  impasto bench loader --qualities 75 90 95 --samplings 4:2:0 4:4:4 --workers 0
  impasto bench loader --peers dali spdl --sizes 1920x1080
  impasto bench loader --sizes 96x96 640x480 --formats JPEG PNG WebP --packed --images 96 --batch-size 32 --workers 0
  impasto bench loader --sweep --page cores.html
  impasto bench loader --sweep --cores 1 4 16 --json cores.json
  impasto bench loader --data captions_val2017.json --images-of val2017/ --plot where.png
  impasto bench loader --data photographs/ --quick
  impasto bench loader --data shards/ --peers all --workers 0 2

With --data and no --peers the JSON has stats (stages, shares, waited, queue, busy, binds, advice) and stored_smaller;
with --sweep rows (version, cores, kind, workers, images_per_second, images_per_second_per_core, cpu_share,
cpu_milliseconds, rounds), best (kind -> cores -> rate), held (to the cores). Without them:
JSON: rows (name, version, workers, images_per_second, rounds, clock, wall_rounds, and files where they are stored in
several ways), absent (peer -> why), left_out (what images of --data are that no file has -> how many), ratio_to (peer
-> our rate over its rate, at the smallest number of workers), ratios (peer -> workers -> the same), scaling (what our
rates say of more cores), python (what Python has of a worker's time), answers, machine, load_average, quiet (whether
that is no more than the cores), versions, command, seed."""


@dataclass(frozen=True, kw_only=True)
class BenchLoader(Waiting):
    """Times the whole loader, from files on disk to mixed and tokenised batches, beside the same work in Python.

    That is Pillow + torchvision transforms, and torchvision.io + transforms v2, each with MixGen and open_clip's
    tokenizer in a stock DataLoader; with --peers others too, or all, of which those that can't run here are listed. The
    photographs are scikit-image's and scikit-learn's, cut to one size, JPEG by default. Work per image:
    RandomResizedCrop 224, horizontal flip, float32 normalised; MixGen on a quarter; 77 CLIP tokens.

    First all loaders replay the same crops and flips and must agree on images, ids and joined captions. Then they take
    turns, round by round; a row's figure is its median. Rows without workers are held to one CPU and count CPU time, so
    that what else runs on the machine takes no part; the others count wall-clock time.

    With --data it takes batches of your own data set as fast as they come instead, and says what their time goes to,
    what binds, and what would help; where images do, some of yours are stored again at short side 256, and timed. With
    --data and --peers it is compared with those peers, on images of yours that are spread over it, with their first
    captions: copied to a temporary folder, their bytes as they are, and written again from there for readers of other
    formats. Peers that don't take them are listed with the reason.

    With --sweep it times itself alone, held to 1, 2 and more of the cores, in as many threads and in as many processes,
    and up to twice as many; by wall-clock time, after an epoch that starts the workers.

    Args:
        sweep: Cores, threads and processes in the place of peers.
        data: Your own data set, as `impasto info` takes it; --batch-size, --workers (without --peers the most of them)
            and --seed hold.
        images_of: Folder of its images, by default looked for near the annotations.
        batches: The most batches of --data that are taken; 50 by default, 5 with --quick.
        plot: A PNG file with the rates on one core (or fewest workers); of --data, with what its time goes to.
        page: An HTML page with the table, the plot and what was compared.
        quick: 128 images (of --data 5 batches) in batches of 32, 3 rounds, no workers, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    sweep: bool = False
    data: Annotated[str, "PATH"] | None = None
    images_of: Folder | None = None
    batches: Positive | None = None
    plot: Written | None = None
    page: Written | None = None
    quick: bool = False
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(LoaderTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchLoader) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    _refuse_idle(bench)
    if bench.data is not None and "peers" not in bench.timing:
        return _look(bench, bench.data, console)
    timing = (LoaderTiming.quick if bench.quick else LoaderTiming)(**bench.timing)
    idle.refuse_unencoded(bench.timing, timing.formats)
    from impasto import sources

    data = None if bench.data is None else sources.open(bench.data, images=bench.images_of)
    bench.wait(console)
    if bench.sweep:
        return sweeping.run(timing, console, pages.Targets(bench.plot, bench.page, bench.json))
    # Peers take their time to import, which nobody waits for who is refused.
    from impasto_lab.bench.loader import run as time_loaders

    measured = time_loaders(timing, data=data, track=output.Progress(console))
    if bench.json != "-":
        show(measured, console)
    fewest = min(row.workers for row in measured.rows)
    rates = {
        ", ".join(filter(None, (row.title, row.files))): row.images_per_second
        for row in measured.rows
        if row.workers == fewest
    }
    output.write_json(measured.as_dict(), bench.json)
    pages.write(
        pages.Shown(
            title=_TITLE,
            headings=_headings(measured),
            rows=_cells(measured),
            values=rates,
            unit=f"images/s, {fewest or 'no'} workers",
            notes=tuple(_notes(measured)),
            command=measured.command,
        ),
        plot=bench.plot,
        page=bench.page,
    )
    return 0


def _refuse_idle(bench: BenchLoader) -> None:
    """Refuses flags that would be passed over."""
    idle.refuse_images_of(bench.data, bench.images_of)
    if bench.data is not None:
        if "peers" in bench.timing:
            flags = {name for name in ("sweep", "batches") if getattr(bench, name)}
            idle.refuse(flags | bench.timing.keys() & _OF_OTHERS, "not of a comparison on --data")
        return
    idle.refuse_alone(["batches"] if bench.batches else [], "your own data", flag="--data")
    if bench.sweep:
        idle.refuse(bench.timing.keys() & _OF_PEERS, "of the comparison, which --sweep leaves out")
    else:
        idle.refuse_alone(bench.timing.keys() & {"cores"}, "a sweep", flag="--sweep")


def _look(bench: BenchLoader, place: str, console: Console) -> int:
    flags = {"sweep"} if bench.sweep else set()
    idle.refuse(flags | bench.timing.keys() - _OF_OWN, "of the comparison, which --data leaves out without --peers")
    from impasto import sources

    timing = (LoaderTiming.quick if bench.quick else LoaderTiming)(**bench.timing)
    data = sources.open(place, images=bench.images_of)
    bench.wait(console)
    from impasto_lab.bench.alone.own_data import run as time_own

    measured = time_own(
        data,
        batch_size=timing.batch_size,
        batches=bench.batches or (_QUICK if bench.quick else _BATCHES),
        workers=max(timing.workers),
        seed=timing.seed,
        track=output.Progress(console),
    )
    stats, here = measured.stats, measured.machine
    rate, _, _ = str(stats).split("\n", 2)
    notes = [
        f"{here['cpu']}, {here['cpus']} CPUs; wall-clock time",
        f"{quiet.told(measured.load)}; what else ran takes part",
        stats.advice,
    ]
    if bench.json != "-":
        console.print(rate, markup=False, soft_wrap=True)
        for name, share in stats.shares.items():
            console.print(f"{name:>10} {share:6.1%} {'█' * round(40 * share)}", markup=False)
        for note in notes:
            console.print(note, markup=False, soft_wrap=True)
    output.write_json(measured.as_dict(), bench.json)
    pages.write(
        pages.Shown(
            title=f"Where the time goes: {place}",
            headings=("stage", _OF_TIME),
            rows=[(name, f"{share:.1%}") for name, share in stats.shares.items()],
            values={name: 100 * share for name, share in stats.shares.items()},
            unit=_OF_TIME,
            notes=[rate, *notes],
            command=measured.command,
            best=(stats.binds or "",),
        ),
        plot=bench.plot,
        page=bench.page,
    )
    return 0


def show(bench: Measured, console: Console) -> None:
    """Prints the figures as a table, with what was compared first."""
    output.Terminal(console).table(_TITLE, _headings(bench), _cells(bench), parted=True)
    for line in _notes(bench):
        console.print(line, markup=False, soft_wrap=True)


#: Batches of --data, and with --quick.
_BATCHES, _QUICK = 50, 5
#: What of the comparison's settings holds with --data too.
_OF_OWN = {"batch_size", "workers", "seed"}
#: What of them says how photographs are stored, or goes with --sweep.
_OF_OTHERS = {"sizes", "formats", "qualities", "samplings", "cores"}
#: What of them the sweep has in its own way, or has none of.
_OF_PEERS = {"peers", "workers"}
_TITLE = "Files on disk to mixed, tokenised batches"
_FILES = "files"
_HEADINGS = ("loader", "version", _FILES, "workers", "images/s", "slowest-fastest", "impasto is")
_OF_TIME = "% of the workers' time"


def _headings(bench: Measured) -> list[str]:
    """The table's headings: how files are stored is told where there are several ways."""
    return [heading for heading in _HEADINGS if heading != _FILES or any(row.files for row in bench.rows)]


def _cells(bench: Measured) -> list[list[str]]:
    """The table's rows."""
    rows = []
    for row in bench.rows:
        ratio = bench.ratio(row)
        spread = f"{min(row.rounds):.0f}-{max(row.rounds):.0f}"
        faster = "" if ratio is None else f"{ratio:.2f}x as fast"
        stored = [row.files] if row.files else []
        rows.append(
            [row.title, row.version or "", *stored, str(row.workers), f"{row.images_per_second:.0f}", spread, faster]
        )
    return rows


def _notes(bench: Measured) -> Iterator[str]:
    """What a reader of the table has to know."""
    machine = bench.machine
    yield f"{machine['cpu']}, {machine['cpus']} CPUs; rows without workers: one of them, its CPU time"
    if bench.load is not None:
        yield f"{quiet.told(bench.load)}; what else ran takes part in rows with workers (wall-clock time)"
    for scaling in (bench.scaling, bench.python):
        if scaling is not None:
            yield scaling.line()
    yield from pages.left_out(bench.settings["data"], bench.left_out)
    yield from pages.absent(bench.absent)
    yield from bench.answers.lines()
