"""``impasto bench clean``: what cleaning finds of what was put there, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Given, Written, output
from impasto_lab.bench.cleaning.settings import CleanTiming

if TYPE_CHECKING:
    from rich.console import Console

    from impasto_lab.bench.cleaning.measuring import CleanBench

EPILOG = """\
examples:
  impasto bench clean                  some minutes
  impasto bench clean --quick          half a minute
  impasto bench clean --json clean.json

JSON: found (shares of copies by kind and limit of bits), right (shares of what is called a duplicate), taken (how many
are none), noise (precision, recall), seconds (of CPU time: picture, photograph, hashes), machine, versions, settings,
seed, command."""


@dataclass(frozen=True, kw_only=True)
class BenchClean:
    """Puts copies and noise into a world like STL-10, cleans it, and counts what is found.

    The world is a hard one: its pictures show ten outlines in a few colors and textures, so that many look alike.
    Seconds are CPU time of this process.

    Args:
        quick: A small world, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    quick: bool = False
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(CleanTiming, "world")] = field(default_factory=dict)


def run(bench: BenchClean) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    timing = (CleanTiming.quick if bench.quick else CleanTiming)(**bench.timing)
    from impasto_lab.bench.cleaning.measuring import run as measure

    with output.Terminal(console).bar("rendering") as progress:
        measured = measure(timing, progress=progress)
    if bench.json != "-":
        show(measured, console)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def show(bench: CleanBench, console: Console) -> None:
    """Prints the figures."""
    terminal = output.Terminal(console)
    limits = [str(distance) for distance in bench.settings["distances"]]
    rows = [[kind, *(f"{shares[limit]:.0%}" for limit in limits)] for kind, shares in bench.found.items()]
    rows.append(["of what is found, a copy", *(f"{bench.right[limit]:.1%}" for limit in limits)])
    terminal.table("found", ["copies", *(f"{limit} bits" for limit in limits)], rows)
    terminal.say(f"noise: precision {bench.noise['precision']:.1%}, recall {bench.noise['recall']:.1%}")
    seconds, count = bench.seconds, bench.settings["hashes"]
    terminal.say(
        f"{bench.machine['cpu']}, one core: {1 / seconds['photograph']:.0f} photographs of 640 x 480 pixels a second, "
        f"{1 / seconds['picture']:.0f} pictures of 96 x 96; near hashes among {count:,}: {seconds['hashes']:.1f} s"
    )
