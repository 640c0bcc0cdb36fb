"""``impasto report``: one page for all runs in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from impasto.cli import File, Positional, output

EPILOG = """\
examples:
  impasto report runs/
  impasto report benches/results/ --out evidence.html"""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Writes an HTML page of all runs of impasto reproduce in a folder, that opens without a network.

    For each run: its claims with published numbers, ours, differences and verdicts; means of its arms, plots and
    pictures; machine, versions, command, settings.

    Args:
        folder: Where the runs lie, each in a folder of its own.
        out: The page; by default index.html in the folder.
        json: Write which runs it has as JSON too ('-': to standard output, alone).
    """

    folder: Positional[Annotated[str, "DIR"]]
    out: File | None = None
    json: File | None = None


def run(report: Report) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(report.json)
    from impasto_lab.experiments.gathering import write_runs

    path = Path(report.out or Path(report.folder) / "index.html")
    names = write_runs(Path(report.folder), path)
    if report.json != "-":
        console.print(
            f"{len(names)} run{'' if len(names) == 1 else 's'} ({', '.join(names)}): {path}",
            markup=False,
            soft_wrap=True,
        )
    output.write_json({"page": str(path), "runs": names}, report.json)
    return 0
