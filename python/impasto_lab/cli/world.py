"""``impasto world``: render a small data set."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from impasto.cli import output

if TYPE_CHECKING:
    from impasto_lab.worlds import World

_SCENES = """\
Renders images of one to four objects (shape, colour, size, texture, relation) on textured backgrounds, with five
captions each, and writes them as COCO captions JSON, Karpathy JSON and tar shards. The seed is the whole input: the
same command writes the same bytes."""

_SCENES_EPILOG = """\
examples:
  impasto world scenes out/ --size tiny --seed 0
  impasto info out/annotations/captions_train.json --images out/images/"""

_STYLES = """\
Renders styles to train style transfer on: textures and painterly pictures of many families, palettes and scales, each
once, into one folder a family. Count, size and seed are the whole input: the same command writes the same bytes."""

_STYLES_EPILOG = """\
examples:
  impasto world styles out/ --count 300 --size 256 --seed 0
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
    _add_scenes(worlds)
    _add_styles(worlds)
    _add_mug(worlds)


def _add_scenes(worlds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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


def _add_styles(worlds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    styles = worlds.add_parser(
        "styles",
        help="textures and painterly pictures, to train style transfer on",
        description=_STYLES,
        epilog=_STYLES_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    styles.add_argument("out", metavar="OUT", help="the folder to write into: OUT/FAMILY/NUMBER.png")
    styles.add_argument("--count", metavar="N", type=output.positive, default=300, help="how many (default: 300)")
    styles.add_argument(
        "--size", metavar="S", type=output.positive, default=256, help="height and width in pixels (default: 256)"
    )
    styles.add_argument("--seed", metavar="K", type=output.count, default=0, help="(default: 0)")
    output.add_json(styles, "what was written")
    styles.set_defaults(run=run_styles)


def _add_mug(worlds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    mug = worlds.add_parser(
        "mug",
        help="one picture, to try `impasto stylize` on",
        description="Renders a glazed mug on a wooden table: one picture, to try `impasto stylize` on.",
        epilog="example:\n  impasto world mug mug.png && impasto stylize mug.png out.png",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mug.add_argument("out", metavar="OUT", help="the picture to write: .png, .jpg or .webp")
    mug.add_argument(
        "--size", metavar="S", type=output.positive, default=256, help="height and width in pixels (default: 256)"
    )
    mug.add_argument("--seed", metavar="N", type=output.count, default=0, help="(default: 0)")
    mug.set_defaults(run=run_mug)


def run_mug(args: argparse.Namespace) -> int:
    """Runs ``impasto world mug``.

    Args:
        args: ``out``, ``size`` and ``seed``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto.jobs import check_target, write_picture
    from impasto_lab.worlds.mug import render_mug

    check_target(args.out)
    write_picture(render_mug(args.size, args.seed), args.out)
    return 0


def run_scenes(args: argparse.Namespace) -> int:
    """Runs ``impasto world scenes``.

    Args:
        args: ``out``, ``size``, ``seed`` and ``json``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import render_scenes
    from impasto_lab.worlds.formats.sample import SPLITS

    console = output.console(args.json)
    with output.Terminal(console).bar("rendering") as progress:
        world = render_scenes(args.out, size=args.size, seed=args.seed, progress=progress)
    places = {
        "folder": str(world.root),
        "images": str(world.images),
        "annotations": {split: str(world.annotations(split)) for split in SPLITS},
        "karpathy": str(world.karpathy),
        "shards": {split: world.shards(split) for split in SPLITS},
    }
    if args.json != "-":
        _show(world, console)
    output.write_json({**world.about, "paths": places}, args.json)
    return 0


def run_styles(args: argparse.Namespace) -> int:
    """Runs ``impasto world styles``.

    Args:
        args: ``out``, ``count``, ``size``, ``seed`` and ``json``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.worlds import render_styles

    console = output.console(args.json)
    with output.Terminal(console).bar("rendering") as progress:
        made = render_styles(args.out, count=args.count, size=args.size, seed=args.seed, progress=progress)
    if args.json != "-":
        console.print(
            f"{made.count:,} styles of {len(made.families)} families in {made.root}", markup=False, soft_wrap=True
        )
    document = {"name": "styles", "seed": args.seed, "size": args.size, "images": made.count}
    output.write_json({**document, "families": dict(made.families), "paths": {"folder": str(made.root)}}, args.json)
    return 0


def _show(world: World, console: Any) -> None:
    from impasto_lab.worlds.formats.sample import SPLITS

    about = world.about
    counts = ", ".join(f"{about['images'][split]:,} {split}" for split in SPLITS)
    console.print(f"{counts} images in {world.root}", markup=False, soft_wrap=True)
    for what, place in (
        ("COCO captions", world.annotations("train")),
        ("Karpathy", world.karpathy),
        ("shards", world.shards("train")),
    ):
        console.print(f"  {what:14} {place}", markup=False, soft_wrap=True)
