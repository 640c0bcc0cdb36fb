"""``impasto bench``: how fast it is here, beside its peers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from impasto._optional import need
from impasto.cli import output

if TYPE_CHECKING:
    from impasto.bench.loader import LoaderBench

_LOADER = """\
Times the whole loader, from JPEG files on disk to mixed and tokenised batches, against the same work in Python:
Pillow + torchvision transforms, and torchvision.io + transforms v2, each with MixGen and open_clip's tokenizer in a
stock DataLoader. The photographs are scikit-image's and scikit-learn's, cut to 640x480 (JPEG, quality 90, 4:2:0).
Work per image: RandomResizedCrop 224, horizontal flip, float32 normalised; MixGen on a quarter; 77 CLIP tokens.

First all loaders replay the same crops and flips and must agree on images, ids and joined captions. Then they take
turns, round by round; a row's figure is its median. Rows without workers are held to one CPU and count CPU time, so
that what else runs on the machine takes no part; the others count wall-clock time."""

_LOADER_EPILOG = """\
examples:
  impasto bench loader                        two minutes or so
  impasto bench loader --quick                seconds, one core only
  impasto bench loader --workers 0 4 8 --images 4096 --json loader.json

JSON: rows (name, workers, images_per_second, rounds, clock, wall_rounds), ratio_to (peer -> our rate over its rate, at
the smallest number of workers), ratios (peer -> workers -> the same), answers, machine, versions, command, seed."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="how fast it is here, beside its peers",
        description="Times impasto on this machine, beside its peers, on the same bytes, answers compared first.",
        epilog="example:\n  impasto bench loader --quick",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    benches = parser.add_subparsers(title="benches", metavar="WHAT", required=True)
    loader = benches.add_parser(
        "loader",
        help="the whole loader: files on disk to mixed, tokenised batches",
        description=_LOADER,
        epilog=_LOADER_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    loader.add_argument("--images", metavar="N", type=output.positive, help="images in an epoch (default: 512)")
    loader.add_argument("--batch-size", metavar="B", type=output.positive, help="images in a batch (default: 64)")
    loader.add_argument("--rounds", metavar="N", type=output.positive, help="times that each row runs (default: 5)")
    loader.add_argument("--workers", metavar="W", type=output.count, nargs="+", help="rows (default: 0 1 2)")
    loader.add_argument(
        "--interpolation", choices=("bilinear", "bicubic"), default="bilinear", help="of every loader (%(default)s)"
    )
    loader.add_argument("--seed", metavar="N", type=output.count, default=0, help="of data and draws (default: 0)")
    loader.add_argument("--quick", action="store_true", help="128 images, 3 rounds, no workers")
    output.add_json(loader, "the figures")
    loader.set_defaults(run=run_loader)


def run_loader(args: argparse.Namespace) -> int:
    """Runs ``impasto bench loader``.

    Args:
        args: ``images``, ``batch_size``, ``rounds``, ``workers``, ``interpolation``, ``seed``, ``quick`` and ``json``,
            as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto.bench.loader import run

    console = output.console(args.json)
    bench = run(
        images=args.images or (128 if args.quick else 512),
        batch_size=args.batch_size or (32 if args.quick else 64),
        rounds=args.rounds or (3 if args.quick else 5),
        workers=args.workers or ([0] if args.quick else [0, 1, 2]),
        interpolation=args.interpolation,
        seed=args.seed,
        track=output.Progress(console),
    )
    if args.json != "-":
        show(bench, console)
    output.write_json(bench.as_dict(), args.json)
    return 0


def show(bench: LoaderBench, console: Any) -> None:
    """Prints the figures as a table, with what was compared first."""
    table = need("rich.table", "cli").Table(title="files on disk to mixed, tokenised batches", title_justify="left")
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
    for line in bench.answers.lines():
        console.print(line, markup=False, soft_wrap=True)
