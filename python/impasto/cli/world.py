"""``impasto world``: render a small data set."""

from __future__ import annotations

import argparse

from impasto.cli import output

_SCENES = """\
Renders images of one to four objects (shape, colour, size, texture, relation) on textured backgrounds, with five
captions each, and writes them as COCO captions JSON, Karpathy JSON and tar shards. The seed is the whole input: the
same command writes the same bytes."""

_SCENES_EPILOG = """\
examples:
  impasto world scenes out/ --size tiny --seed 0
  impasto info out/"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "world",
        help="render a small data set",
        description="Renders small, deterministic data sets in the on-disk formats of the real ones.",
        epilog="example:\n  impasto world scenes out/ --size tiny --seed 0",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    worlds = parser.add_subparsers(title="worlds", metavar="WORLD", required=True)
    scenes = worlds.add_parser(
        "scenes",
        help="a few objects on textured backgrounds, with captions",
        description=_SCENES,
        epilog=_SCENES_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    scenes.add_argument("out", metavar="OUT", help="the folder to write into")
    scenes.add_argument("--size", choices=("tiny", "small", "medium"), default="tiny", help="(default: tiny)")
    scenes.add_argument("--seed", metavar="N", type=output.count, default=0, help="(default: 0)")
    output.add_json(scenes, "what was written")
    scenes.set_defaults(run=run_scenes)


def run_scenes(args: argparse.Namespace) -> int:
    """Runs ``impasto world scenes``.

    Args:
        args: ``out``, ``size``, ``seed`` and ``json``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto.worlds import scenes

    scenes.write(args.out, size=args.size, seed=args.seed)
    return 0
