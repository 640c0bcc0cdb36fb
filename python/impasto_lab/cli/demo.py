"""``impasto demo``: all of it on real photographs, from files to a report."""

from __future__ import annotations

import argparse
import os
from typing import Any

from impasto.cli import output

_DESCRIPTION = """\
Shows on this machine what impasto does. Takes the photographs that scikit-image and scikit-learn carry, cuts and varies
them into a few hundred captioned images, adds rendered scenes, and writes them as COCO captions JSON and tar shards;
loads both with MixGen; times our loader against two Python loaders; trains a small dual encoder (CLIP's loss) for about
a minute; scores retrieval on held-out pairs; and writes OUT/report.html."""

_EPILOG = """\
examples:
  impasto demo
  impasto demo --out /tmp/demo --quick --json -

Needs impasto[demo]. The same seed writes the same data and draws the same batches."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="load, mix, time, train and report on real photographs",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", metavar="OUT", default="demo", help="folder for data, run and report (default: demo)")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; the model hardly learns")
    parser.add_argument("--no-timing", action="store_true", help="leave the comparison with other loaders out")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="to train on (default: auto)")
    parser.add_argument("--seed", metavar="N", type=output.count, default=0, help="of everything (default: 0)")
    output.add_json(parser, "the results")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Args:
        args: ``out``, ``quick``, ``no_timing``, ``device``, ``seed`` and ``json``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    # Torch's threads wait for each other by spinning. Where something else wants a core too, that made training fifteen
    # times slower; sleeping costs little where nothing does. It has to be said before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from impasto_lab.experiments.demo import Demo
    from impasto_lab.experiments.demo import run as run_demo

    console = output.console(args.json)
    settings = Demo.quick(seed=args.seed) if args.quick else Demo(seed=args.seed)
    result = run_demo(
        args.out,
        settings,
        device=args.device,
        time_loaders=None if args.no_timing else lambda: _time_loaders(console, quick=args.quick, seed=args.seed),
        narrator=output.Terminal(console),
    )
    output.write_json(result.as_dict(), args.json)
    return 0


def _time_loaders(console: Any, *, quick: bool, seed: int) -> dict[str, Any]:
    from impasto_lab.bench.loader import run as run_bench
    from impasto_lab.bench.machine import cpus
    from impasto_lab.cli.bench import show

    workers = [0] if quick or len(cpus()) < 2 else [0, 2]
    bench = run_bench(
        images=128 if quick else 256,
        batch_size=32,
        rounds=2 if quick else 4,
        workers=workers,
        seed=seed,
        track=output.Progress(console),
    )
    show(bench, console)
    return bench.as_dict()
