"""What the verbs that time kernels share: the table, the plot, the page and the JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Folder, Written, output
from impasto_lab.bench.settings import KernelTiming
from impasto_lab.cli.bench import idle, pages
from impasto_lab.cli.bench.waiting import Waiting

if TYPE_CHECKING:
    from impasto_lab.bench.kernels import Arm, Group

#: What the JSON has, for the pages of help.
JSON = """\
JSON: rows (work, name, version, threads, clock, rate, rounds, distance), absent (name -> why), left_out (what images of
--data are that were not taken -> how many), machine, load_average, quiet, versions, settings, command, seed. rate is
items a second, of one core's CPU time, of wall-clock time in several threads; distance how far the answer is from the
judge's."""
#: What says how images are that are made here.
_MADE = ("sizes", "formats", "qualities", "samplings")


@dataclass(frozen=True, kw_only=True)
class Bench(Waiting):
    """The flags that all of them have; each has its own `timing` besides.

    Args:
        data: Your own data set, as `impasto info` takes it.
        images_of: Folder of its images, by default looked for near the annotations.
        quick: Four images of two sizes, or 200 captions, and 3 rounds, unless told otherwise.
        plot: A PNG file with the rates.
        page: An HTML page with table and plot.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    data: Annotated[str, "PATH"] | None = None
    images_of: Folder | None = None
    quick: bool = False
    plot: Written | None = None
    page: Written | None = None
    json: Written | None = None


def timing_of(bench: Bench, given: dict[str, Any]) -> KernelTiming:
    """How much is timed: quickly where that was asked for, with what was given.

    Raises:
        RecipeError: If something is said of images that are made here, and own ones are asked for, or the reverse.
    """
    idle.refuse_images_of(bench.data, bench.images_of)
    if bench.data is not None:
        idle.refuse(given.keys() & set(_MADE), "of images that are made here, which --data leaves out")
    timing = (KernelTiming.quick if bench.quick else KernelTiming)(**given)
    idle.refuse_unencoded(given, timing.formats)
    return timing


def finish(
    bench: Bench,
    make: Callable[[], Sequence[Group]],
    *,
    title: str,
    what: str,
    settings: KernelTiming,
    names: Sequence[str],
) -> int:
    """Times groups and shows what was found.

    Args:
        bench: The verb's flags.
        make: Makes the groups.
        title: What was timed.
        what: What rates count.
        settings: How much was timed.
        names: The settings that this verb has.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench import machine, quiet
    from impasto_lab.bench.kernels import time_groups

    console = output.console(bench.json)
    bench.wait(console)
    groups, load = make(), quiet.load()
    arms = time_groups(groups, rounds=settings.rounds, threads=settings.threads, track=output.Progress(console))
    absent = {name: reason for group in groups for name, reason in group.absent.items()}
    left_out = {kind: number for group in groups for kind, number in group.left_out.items()}
    described, several = machine.describe(), max(settings.threads) > 1
    notes = [
        f"{described['cpu']}: one core, its CPU time; medians of {settings.rounds} rounds in turns",
        *(["several threads: on as many cores, wall-clock time, each all of the work"] if several else []),
        quiet.told(load),
        *pages.left_out(bench.data, left_out),
        *pages.absent(absent),
    ]
    headings = [
        "who",
        "version",
        "work",
        *(["threads"] if several else []),
        what,
        "slowest-fastest",
        "impasto is",
        "apart",
    ]
    rows = _rows(arms, several)
    held = [name for name in names if bench.data is None or name not in _MADE]
    command = " ".join(["impasto", *sys.argv[1:]])
    if bench.json != "-":
        for work in dict.fromkeys(arm.work for arm in arms):
            cells = [row[:2] + row[3:] for row in rows if row[2] == work]
            output.Terminal(console).table(work, [*headings[:2], *headings[3:]], cells)
        for note in notes:
            console.print(note, markup=False, soft_wrap=True)
    document = {
        "rows": [arm.as_dict() for arm in arms],
        "absent": absent,
        "left_out": left_out,
        "machine": described,
        **quiet.recorded(load),
        "versions": {arm.name: arm.version for arm in arms if arm.version},
        "settings": {"data": bench.data} | {name: _plain(getattr(settings, name)) for name in held},
        "seed": settings.seed,
        "command": command,
    }
    output.write_json(document, bench.json)
    values = {
        f"{arm.name}, {arm.work}{f', {arm.threads} threads' if arm.threads > 1 else ''}": arm.rate for arm in arms
    }
    pages.write(
        pages.Shown(
            title,
            headings,
            rows,
            values,
            f"{what}, a core to each thread" if several else f"{what}, one core",
            notes,
            command,
        ),
        plot=bench.plot,
        page=bench.page,
    )
    return 0


def _rows(arms: Sequence[Arm], several: bool) -> list[list[str]]:
    ours = {(arm.work, arm.threads): arm.rate for arm in arms if arm.name == "impasto"}
    rows = []
    for arm in arms:
        ratio = "" if arm.name == "impasto" else f"{ours[arm.work, arm.threads] / arm.rate:.2f}x as fast"
        apart = "" if arm.apart is None else f"{arm.apart:.2f}"
        slowest, fastest = arm.spread
        spread = f"{slowest:,.0f}-{fastest:,.0f}"
        rows.append(
            [
                arm.name,
                arm.version or "",
                arm.work,
                *([str(arm.threads)] if several else []),
                f"{arm.rate:,.0f}",
                spread,
                ratio,
                apart,
            ]
        )
    return rows


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | tuple | None) else str(value)
