"""``impasto bench``: how fast it is here, beside its peers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from impasto.cli import output
from impasto.extras import need

if TYPE_CHECKING:
    from impasto_lab.bench.loader import LoaderBench
    from impasto_lab.bench.style import StyleBench

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

_STYLE = """\
Times style randomization against a plain transcription of the published module (its eager forward, both networks in
float32 with gradients recorded), step by step up to our fastest form: the published layout with random weights, the
same in every form. First every form's images must agree with the published form's. Then they take turns, round by
round; a row's figure is its median. A CPU is timed on one core, by CPU time; a GPU by wall-clock time.

Two rows are something else: the compact network, and at 96x96 a training step of ResNet-18
on the same batch; restyling's share is what it takes of a step that restyles its whole batch."""

_STYLE_EPILOG = """\
examples:
  impasto bench style                         minutes
  impasto bench style --quick                 seconds
  impasto bench style --device cuda --json style.json

JSON: rows (name, size, batch, milliseconds, rounds, ratio, share_of_resnet18_step, peak_megabytes, difference_max,
difference_mean), tolerance, skipped, device, machine, versions, settings, command, seed. ratio is the published form's
time over the row's; peak_megabytes what tensors take at most, above what was there before."""


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
    style = benches.add_parser(
        "style",
        help="style randomization: the published module, step by step to ours",
        description=_STYLE,
        epilog=_STYLE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    style.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="what is timed (default: cpu)")
    style.add_argument("--rounds", metavar="N", type=output.positive, help="times that each row runs (default: 5)")
    style.add_argument(
        "--compile", action=argparse.BooleanOptionalAction, help="try torch.compile too (default: on a GPU only)"
    )
    style.add_argument("--seed", metavar="N", type=output.count, default=0, help="of weights and images (default: 0)")
    style.add_argument("--quick", action="store_true", help="two images of 96x96, 3 rounds")
    output.add_json(style, "the figures")
    style.set_defaults(run=run_style)


def run_loader(args: argparse.Namespace) -> int:
    """Runs ``impasto bench loader``.

    Args:
        args: ``images``, ``batch_size``, ``rounds``, ``workers``, ``interpolation``, ``seed``, ``quick`` and ``json``,
            as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench.loader import run

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


def run_style(args: argparse.Namespace) -> int:
    """Runs ``impasto bench style``.

    Args:
        args: ``device``, ``rounds``, ``compile``, ``seed``, ``quick`` and ``json``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench.style import QUICK, run

    console = output.console(args.json)
    bench = run(
        device=args.device,
        workloads=QUICK if args.quick else None,
        rounds=args.rounds or (3 if args.quick else 5),
        compiled=args.compile,
        seed=args.seed,
        track=output.Progress(console),
    )
    if args.json != "-":
        show_style(bench, console)
    output.write_json(bench.as_dict(), args.json)
    return 0


def show_style(bench: StyleBench, console: Any) -> None:
    """Prints the figures as a table for each workload."""
    for workload in dict.fromkeys(row.workload for row in bench.rows):
        title = f"{workload.batch} images of {workload.size}x{workload.size}"
        table = need("rich.table", "cli").Table(title=title, title_justify="left")
        table.add_column("step")
        for heading in ("ms", "as fast", "peak MB", "differs by", "of a step"):
            table.add_column(heading, justify="right")
        for row in bench.rows:
            if row.workload == workload:
                share = bench.share(row)
                table.add_row(
                    row.title,
                    f"{row.seconds * 1e3:.1f}",
                    "" if row.name == "resnet18" else f"{bench.ratio(row):.2f}x",
                    f"{row.peak_bytes / 1e6:.0f}",
                    "" if row.difference is None else f"{row.difference[0]:.0e}",
                    "" if share is None else f"{share:.0%}",
                )
        console.print(table)
    for name, reason in bench.skipped.items():
        console.print(f"skipped {name}: {reason}", markup=False, soft_wrap=True)
    console.print(f"{bench.device}, torch {bench.versions['torch']}", markup=False)
