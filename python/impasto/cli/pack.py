"""``impasto pack``: any data set as WebDataset tar shards."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import output
from impasto.cli.flags import Given
from impasto.cli.kinds import File, Positional
from impasto.cli.opening import Opening
from impasto.jobs import Engine, PackSettings

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.jobs import PackedData

EPILOG = """\
examples:
  impasto pack captions_train2017.json packed/ --images train2017/ --workers 8
  impasto pack captions_train2017.json packed/ --images train2017/ --short-side 256 --workers 8
  impasto pack photos/ packed/ --restart-rows 1            the same pixels, in files that crops can skip rows of
  impasto pack cifar.parquet packed/ --pixels-up-to 64     pixels as they are: larger, and faster to read

A run that was stopped goes on when it is given again; `impasto verify packed/` looks at what was written."""

_WRITTEN = ("short_side", "quality", "pixels_up_to", "restart_rows", "restart_mcus", "exif", "shard_size", "prefix")


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Writes a data set as WebDataset tar shards with an index, all captions and labels in them.

    The shards are read by impasto, webdataset and open_clip as they are. Images keep their bytes unless a flag says
    otherwise. The same data set and flags give the same bytes, with any number of workers.

    Args:
        data: A data set of any format that `impasto info` knows.
        out: A folder: new, empty, or of the same job.
        workers: Processes; 0 is this one alone.
        engine: Where workers run: processes of this machine, or a Ray cluster whose machines all see OUT.
        skip_bad: List samples that can't be used, and go on.
        json: Write what was done as JSON too ('-': to standard output, alone).
    """

    data: Annotated[Positional[str], "IN"]
    out: Annotated[Positional[str], "OUT"]
    settings: Annotated[dict[str, Any], Given(PackSettings, None, _WRITTEN)] = field(default_factory=dict)
    opening: Opening = field(default_factory=Opening)
    workers: int = 0
    engine: Engine = "processes"
    skip_bad: bool = False
    json: File | None = None


def run(pack: Pack) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto.jobs import pack as write

    console = output.console(pack.json)
    settings = PackSettings(**pack.settings, on_error="skip" if pack.skip_bad else "raise")
    source = pack.opening.open(pack.data)
    with output.Terminal(console).bar("packing") as progress:
        done = write(source, pack.out, settings, workers=pack.workers, engine=pack.engine, progress=progress)
    if pack.json != "-":
        _show(done, console)
    output.write_json(asdict(done), pack.json)
    return 0


def _show(done: PackedData, console: Console) -> None:
    what = ", ".join(f"{count:,} {name}" for name, count in done.done.items() if count)
    size = f"{done.bytes / 1e6:,.1f} MB"
    console.print(f"{done.samples:,} samples ({what}), {size}, in {done.shards}", markup=False, soft_wrap=True)
    if done.done_before:
        console.print(f"{done.done_before:,} shards were there from an earlier run")
    if done.unused_captions:
        console.print(f"{done.unused_captions:,} captions could not be read; their samples have others")
    if done.bad:
        listed = Path(done.index).with_name("bad_samples.jsonl")
        console.print(f"{len(done.bad):,} could not be used, see {listed}", markup=False, soft_wrap=True)
