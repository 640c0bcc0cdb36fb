"""``impasto clean``: which rows of a data set are worth keeping."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from impasto.cli import output
from impasto.cli.flags import Given
from impasto.cli.kinds import File, Positional
from impasto.cli.opening import Opening
from impasto.jobs import CleanSettings

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.jobs import CleanReport

EPILOG = """\
examples:
  impasto clean captions_train.json cleaned/ --images train2017/ --workers 8
  impasto clean 'shards/{00000..00041}.tar' cleaned/ --min-side 64 --ignore "noisy image" "repeated caption"
  impasto clean stl10/ cleaned/ --max-noise 0.5 --json -

and then, in Python:
  data = impasto.sources.keep(data, "cleaned/keep.jsonl")

Another run in the same folder, with other limits, judges anew in seconds."""


@dataclass(frozen=True, kw_only=True)
class Clean:
    """Lists the rows of a data set that are worth keeping, and says what is wrong with the others.

    Pictures that are damaged, tiny, extremely long, near-blank, noisy, or there twice (the same file, or one that looks
    the same: recompressed, scaled, cropped a little, mirrored); captions that are empty, boilerplate, or those of many
    pictures. OUT gets keep.jsonl, left_out.jsonl, report.json and report.html, with pictures. Nothing is deleted. A run
    that was stopped goes on when it is given again.

    Args:
        data: A data set, of any format that `impasto info` knows.
        out: A folder.
        workers: Processes; 0 is this one alone.
        engine: Where workers run; ray is a cluster that ray finds or starts.
        json: Write the report as JSON too ('-': to standard output, alone).
    """

    data: Annotated[Positional[str], "SOURCE"]
    out: Annotated[Positional[str], "OUT"] = "cleaned"
    settings: Annotated[dict[str, Any], Given(CleanSettings, "limits")] = field(default_factory=dict)
    opening: Opening = field(default_factory=Opening)
    workers: int = 0
    engine: Literal["processes", "ray"] = "processes"
    json: File | None = None


def run(clean: Clean) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto import jobs

    console = output.console(clean.json)
    settings = CleanSettings(**clean.settings)
    source = clean.opening.open(clean.data)
    with output.Terminal(console).bar("cleaning") as progress:
        report = jobs.clean(source, clean.out, settings, workers=clean.workers, engine=clean.engine, progress=progress)
    if clean.json != "-":
        _show(report, console)
    output.write_json(report.as_dict(), clean.json)
    return 0


def _show(report: CleanReport, console: Console) -> None:
    from rich.table import Column, Table

    terminal = output.Terminal(console)
    terminal.say(report.source)
    terminal.say(f"{report.kept:,} of {report.rows:,} rows stay")
    if report.flags:
        table = Table("flag", Column("rows", justify="right"), "which means", box=None, pad_edge=False)
        for flag in report.flags:
            table.add_row(flag.kind, f"{flag.count:,}", flag.fix)
        console.print(table)
    for name in ("keep", "left_out", "page"):
        terminal.say(f"{name.replace('_', ' ')}: {report.files[name]}")
