"""``impasto bench packing``: the loader on files and on shards packed in every way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import Given, Written, output
from impasto_lab.bench.settings import PackingTiming

if TYPE_CHECKING:
    from impasto_lab.bench.packing.measuring import PackingBench

EPILOG = """\
examples:
  impasto bench packing
  impasto bench packing --quality 95
  impasto bench packing --quick --json packing.json

JSON: ways (name, kilobytes, milliseconds, psnr, images_per_second, rounds, ratio_to_files), peers, ratio_to_files and
ratio_to_peer of the shards at short side 256, answers, machine, versions, command, seed."""


@dataclass(frozen=True, kw_only=True)
class BenchPacking:
    """Packs photographs in every way of `impasto pack`, and times the loader on all of them, on one core.

    The photographs and the work are those of `impasto bench loader`. Ways that lose nothing must give the same batches,
    to the bit. torchvision.io's loader runs on the files, and on files that hold what the shards at short side 256
    hold; with the same crops its batches must be ours. Rows take turns and count CPU time, so that what else runs on
    the machine takes no part.

    Args:
        quick: 64 images in batches of 32, 3 rounds, unless told otherwise.
        json: Write the figures as JSON too ('-': to standard output, alone).
    """

    quick: bool = False
    json: Written | None = None
    timing: Annotated[dict[str, Any], Given(PackingTiming, "timing")] = field(default_factory=dict)


def run(bench: BenchPacking) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    console = output.console(bench.json)
    timing = (PackingTiming.quick if bench.quick else PackingTiming)(**bench.timing)
    from impasto_lab.bench.packing.measuring import run as time_packing

    measured = time_packing(timing, track=output.Progress(console))
    if bench.json != "-":
        output.Terminal(console).table(
            "the loader on one core",
            ("images", "kB", "ms to pack", "PSNR", "images/s", "of files"),
            list(_rows(measured)),
        )
        console.print(f"torchvision.io on what short side 256 holds: ours is {measured.to_peer:.2f}x as fast")
        for line in measured.answers.lines():
            console.print(line, markup=False, soft_wrap=True)
    output.write_json(measured.as_dict(), bench.json)
    return 0


def _rows(bench: PackingBench) -> list[list[str]]:
    rows = []
    for way in bench.ways:
        loss = "" if way.psnr is None else f"{way.psnr:.1f} dB"
        rate, ratio = f"{way.row.images_per_second:.0f}", f"{bench.to_files[way.name]:.2f}x"
        rows.append([way.title, f"{way.kilobytes:.1f}", f"{way.milliseconds:.2f}", loss, rate, ratio])
    rows += [
        [f"{row.title}: {name}", "", "", "", f"{row.images_per_second:.0f}", ""] for name, row in bench.peers.items()
    ]
    return rows
