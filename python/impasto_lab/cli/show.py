"""``impasto show``: look at what is made of a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from impasto.cli import output

_MIXGEN = """\
Writes an HTML page of pairs of a data set: both images and captions, and what each variant of the MixGen paper's
table makes of them. The format of DATA is told from its content, as `impasto info` does."""

_MIXGEN_EPILOG = """\
examples:
  impasto show mixgen captions_val2017.json --images val2017/
  impasto show mixgen 'shards/{00000..00041}.tar' --out mixgen.html --rows 8 --seed 3"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "show",
        help="look at what is made of a data set",
        description="Writes pages that show what augmentations make of a data set.",
        epilog="example:\n  impasto show mixgen captions_val2017.json --images val2017/",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(title="pages", metavar="PAGE", required=True)
    mixgen = what.add_parser(
        "mixgen",
        help="pairs, and what MixGen's variants make of them",
        description=_MIXGEN,
        epilog=_MIXGEN_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    output.add_data(mixgen, "data")
    mixgen.add_argument("--out", metavar="FILE", default="mixgen.html", help="(default: mixgen.html)")
    mixgen.add_argument("--rows", metavar="N", type=output.count, default=6, help="pairs to show (default: 6)")
    mixgen.add_argument("--seed", metavar="N", type=output.count, default=0, help="(default: 0)")
    mixgen.set_defaults(run=run_mixgen)


def run_mixgen(args: argparse.Namespace) -> int:
    """Runs ``impasto show mixgen``.

    Args:
        args: ``data``, ``images``, ``caption``, ``out``, ``rows`` and ``seed``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto import sources
    from impasto_lab.report.mixgen import write_mixgen_page

    data = sources.open(args.data, images=args.images, caption=args.caption)
    path = write_mixgen_page(data, Path(args.out), rows=args.rows, seed=args.seed)
    output.console(None).print(str(path), markup=False, soft_wrap=True)
    return 0
