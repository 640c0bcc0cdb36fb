"""``impasto info``: what is in a data set, and what would go wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impasto.cli import output
from impasto.cli.kinds import File, Positional
from impasto.cli.opening import Opening
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.jobs import Report

EPILOG = """\
examples:
  impasto info captions_val2017.json --images val2017/
  impasto info 'shards/{00000..00041}.tar' --caption json:caption --all
  impasto info 's3://bucket/{00000..00041}.tar' --cache copies/
  impasto info flickr30k/results_20130124.token --json report.json

The exit status is 1 when a sample would fail to load, or the data set does not open."""


@dataclass(frozen=True, kw_only=True)
class Info:
    """Shows what a data set holds and what would go wrong while loading it.

    The format is told from the content: COCO captions, Karpathy and ALBEF JSON; Flickr's token file and CSV; tables
    with a header (open_clip's CSV); tar shards (WebDataset, img2dataset); folders of images with .txt captions; folders
    of class folders; Parquet and Arrow files with images in a column; LMDB databases.

    Args:
        file: Annotation file, folder, tar shard, Parquet, Arrow or LMDB file, or pattern of shards or files; URL of
            shards, pattern of URLs, or pipe: and a command.
        opening: How it is opened.
        sample: Images to decode.
        all: Decode every image.
        json: Write the report as JSON too ('-': to standard output, alone).
    """

    file: Positional[str]
    opening: Opening = field(default_factory=Opening)
    sample: int = 1000
    all: bool = False
    json: File | None = None


def run(info: Info) -> int:
    """Runs the verb.

    Returns:
        The exit status: 0, or 1 when something would go wrong.
    """
    from impasto.jobs import failure, inspect

    console = output.console(info.json)
    try:
        source = info.opening.open(info.file)
        with output.Terminal(console).bar("inspecting") as progress:
            report = inspect(source, sample=None if info.all else info.sample, progress=progress)
    except ImpastoError as error:
        console.print(f"[bold red]does not open[/] {type(error).__name__}", end=" ")
        console.print(str(error), markup=False, soft_wrap=True)
        output.write_json(failure(error, info.file), info.json)
        return 1
    if info.json != "-":
        _show(report, console)
    output.write_json(report.as_dict(), info.json)
    return 0 if report.ok else 1


def _show(report: Report, console: Console) -> None:
    from rich.table import Table

    console.print(report.source, markup=False, soft_wrap=True)
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _facts(report):
        table.add_row(name, value)
    console.print(table)
    for problem in report.problems:
        output.show_problem(problem, console)
    if not report.problems:
        console.print("[green]nothing would go wrong[/] with the samples looked at")


def _facts(report: Report) -> list[tuple[str, str]]:
    captions, headers = report.captions, report.headers
    facts = [("rows", f"{report.rows:,}"), ("images", f"{report.images:,}")]
    if report.labels is not None:
        facts.append(("labels", f"{report.labels:,} distinct"))
    if report.left_out:
        facts.append(("left out", ", ".join(f"{count:,} {kind}" for kind, count in report.left_out.items())))
    if captions["total"]:
        over = captions["over_clip_length"]
        facts += [
            ("captions", f"{captions['total']:,}"),
            ("  per image", _range(captions["per_image"])),
            ("  words", _range(captions["words"])),
            ("  over 77 CLIP tokens", "not known: pip install impasto\\[clip]" if over is None else f"{over:,}"),
        ]
    if headers["checked"]:
        facts += [
            ("decoded", f"{headers['checked']:,}"),
            ("  formats", ", ".join(f"{name} {count:,}" for name, count in headers["formats"].items())),
            ("  channels", ", ".join(f"{name}: {count:,}" for name, count in headers["channels"].items())),
            ("  progressive, rotated by EXIF", f"{headers['progressive']:,}, {headers['rotated']:,}"),
        ]
        facts += [(f"  {name}", _range(headers[name])) for name in ("width", "height", "megapixels", "kilobytes")]
    return facts


def _range(spread: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.5g}" for name, value in spread.items())
