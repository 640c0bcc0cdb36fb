"""``impasto stylize``: pictures and data sets in other styles."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli import output
from impasto.errors import RecipeError, SourceError

if TYPE_CHECKING:
    import torch

    from impasto.style import StyleRandomizer

_DESCRIPTION = """\
Paints a picture, or every image of a data set, in another style.

A picture (JPEG, PNG, WebP) is painted in a random style, or in that of --style; --grid shows many. With --method
optimize its pixels are optimised until their features are those of --style (Gatys et al. 2016): slower, and for one
style only. Anything else is a data set, of any format that `impasto info` knows: OUT becomes a folder of tar shards
with stylized copies, captions and labels, which is read like any data set. A run that was stopped goes on when it is
given again."""

_EPILOG = """\
examples:
  impasto stylize mug.png out.png --alpha 0.5              another style each time; --seed N for the same
  impasto stylize mug.png sheet.png --grid 4               the picture, and fifteen random styles
  impasto stylize mug.png out.png --style waves.jpg        in that style
  impasto stylize mug.png out.png --style waves.jpg --method optimize --steps 200 --every 50
  impasto stylize photos/ stylized/ --copies 4 --alpha 0.2,0.8 --workers 8
  impasto stylize captions_train.json stylized/ --images train2017/ --copies 1 --ratio 1:1"""

_PICTURE = ("grid",)
_OPTIMIZE = (
    "steps",
    "optimizer",
    "features",
    "preset",
    "style_weight",
    "content_weight",
    "tv_weight",
    "init",
    "pooling",
    "every",
)
_NETWORK = ("alpha", "model")
_DATA = (
    "copies",
    "ratio",
    "keep_original",
    "format",
    "shard_size",
    "batch_size",
    "workers",
    "skip_bad",
    "images",
    "caption",
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "stylize",
        help="paint a picture, or a data set, in other styles",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # Options have no defaults here: one that is given where it means nothing is an error, not passed over.
    parser.add_argument("data", metavar="IN", help="a picture, or a data set")
    parser.add_argument("out", metavar="OUT", nargs="?", help="a picture (default: IN-stylized.png), or a folder")
    parser.add_argument("--alpha", metavar="A", type=_alpha, help="strength from 0 to 1, or a range 0.2,0.8 (0.5)")
    parser.add_argument("--style", metavar="PICTURE", help="take this picture's style; alpha is then 1 by default")
    parser.add_argument(
        "--seed", metavar="N", type=output.count, help="the same again (default: data sets 0, pictures a new one)"
    )
    parser.add_argument("--size", metavar="PIXELS", type=output.positive, help="scale down to this longer side first")
    parser.add_argument("--model", metavar="FILE", help="a .safetensors, or the folder of the three published .pth")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(default: auto)")
    parser.add_argument("--quality", metavar="Q", type=output.positive, default=95, help="of JPEG and WebP (95)")
    output.add_json(parser, "what was done")

    picture = parser.add_argument_group("a picture")
    picture.add_argument("--grid", metavar="N", type=output.positive, help="a sheet of NxN, the original first")
    picture.add_argument("--method", choices=("network", "optimize"), help="(default: network)")

    gatys = parser.add_argument_group("--method optimize")
    gatys.add_argument("--steps", metavar="N", type=output.positive, help="(default: 200)")
    gatys.add_argument("--optimizer", choices=("lbfgs", "adam"), help="(default: lbfgs with VGG, else adam)")
    gatys.add_argument(
        "--features",
        metavar="WHICH",
        help="vgg19, vgg16 (torchvision's, if they are cached), small (impasto's own), or a file (default: auto: "
        "vgg19 if it is cached, else small)",
    )
    gatys.add_argument("--pooling", choices=("max", "average"), help="of VGG (default: max)")
    gatys.add_argument(
        "--preset", choices=("gatys", "neural-style", "pytorch-tutorial", "relative"), help="losses and weights"
    )
    for name in ("style", "content", "tv"):
        gatys.add_argument(f"--{name}-weight", metavar="W", type=float, help="(default: the preset's)")
    gatys.add_argument("--init", choices=("content", "noise"), help="what to begin with (default: content)")
    gatys.add_argument("--every", metavar="N", type=output.positive, help="write the picture every N steps too")

    data = parser.add_argument_group("a data set")
    data.add_argument("--copies", metavar="K", type=output.positive, help="stylized copies of each image (default: 1)")
    data.add_argument("--ratio", metavar="P:A", help="unaugmented to augmented copies (default: 0:1)")
    data.add_argument("--keep-original", action="store_true", default=None, help="write the images themselves too")
    data.add_argument("--format", choices=("jpg", "png"), help="(default: jpg)")
    data.add_argument("--shard-size", metavar="N", type=output.positive, help="images in a shard (default: 1000)")
    data.add_argument("--batch-size", metavar="N", type=output.positive, help="images painted together (default: 1)")
    data.add_argument("--workers", metavar="W", type=output.count, help="processes (default: 0, this one)")
    data.add_argument("--skip-bad", action="store_true", default=None, help="list images that can't be used, go on")
    data.add_argument("--images", metavar="DIR", help="folder of the images (default: looked for near IN)")
    data.add_argument("--caption", metavar="WHERE", help="where shards keep captions: txt, or json:FIELD")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Args:
        args: As `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto.jobs import is_picture

    if not Path(args.data).exists() and not any(mark in args.data for mark in "{*?["):
        raise SourceError("the file does not exist; check the path", path=args.data)
    if not is_picture(args.data):
        _refuse(args, (*_PICTURE, "method", "style", *_OPTIMIZE), "for a picture, and IN is none")
        document = _data(args)
    elif args.method == "optimize":
        _refuse(args, _DATA, "for a data set, and IN is a picture")
        _refuse(args, (*_NETWORK, *_PICTURE), "not for --method optimize")
        document = _optimize(args)
    else:
        _refuse(args, _DATA, "for a data set, and IN is a picture")
        _refuse(args, _OPTIMIZE, "for --method optimize")
        document = _picture(args)
    output.write_json(document, args.json)
    return 0


def _picture(args: argparse.Namespace) -> dict[str, Any]:
    """One picture through the networks, or a sheet of them."""
    from impasto.jobs import read_picture, style_sheet, stylize_picture, write_picture

    console = output.console(args.json)
    target = _target(args)
    seed = secrets.randbits(31) if args.seed is None else args.seed
    alpha = args.alpha if args.alpha is not None else 0.5 if args.style is None else 1.0
    pixels = read_picture(args.data, args.size or (256 if args.grid else None))
    style = None if args.style is None else read_picture(args.style, 512)
    randomizer = _randomizer(args)
    document = {"out": str(target), "seed": seed, "alpha": alpha, "style": args.style}
    if args.grid:
        with output.Terminal(console).bar("painting") as progress:
            painted = style_sheet(
                pixels, randomizer, side=args.grid, alpha=alpha, seed=seed, style=style, progress=progress
            )
        last = seed + args.grid**2 - 2
        told = f"--seed {seed} to {last}, row by row" if style is None else "alpha from 0 to 1, row by row"
    else:
        painted = stylize_picture(pixels, randomizer, alpha=alpha, seed=seed, style=style)
        told = f"--seed {seed} paints it again" if style is None else f"alpha {alpha}"
    write_picture(painted, target, quality=args.quality)
    if args.json != "-":
        console.print(f"{target} ({told})", markup=False, soft_wrap=True)
    return {**document, "height": painted.shape[0], "width": painted.shape[1]}


def _optimize(args: argparse.Namespace) -> dict[str, Any]:
    """One picture, optimised."""
    from impasto.jobs import optimize_picture, read_picture, write_picture
    from impasto.style import load_features

    if args.style is None:
        raise RecipeError("--method optimize needs the picture whose style is taken: --style PICTURE")
    console = output.console(args.json)
    target = _target(args)
    device = _device(args.device)
    size = args.size or (512 if device.type == "cuda" else 256)
    pixels, style = read_picture(args.data, size), read_picture(args.style, size)
    features = load_features(args.features or "auto", pooling=args.pooling or "max")
    seed = args.seed if args.seed is not None else secrets.randbits(31)
    steps = args.steps or 200
    names = ("preset", "style_weight", "content_weight", "tv_weight")
    options = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    # On our small features Adam's pictures are the better ones: L-BFGS works on edges, and leaves large areas behind.
    method = "adam" if features.kind == "small" else "lbfgs"
    options |= {"init": args.init or "content", "method": args.optimizer or method}
    if args.json != "-":
        height, width = pixels.shape[:2]
        console.print(f"{width}x{height} pixels, features: {features.kind}", markup=False)
    written: list[str] = []

    def keep(step: int, image: Any) -> None:
        path = target.with_name(f"{target.stem}-{step:04d}{target.suffix}")
        write_picture(image, path, quality=args.quality)
        written.append(str(path))

    with output.Terminal(console).bar("optimising") as progress:
        done = optimize_picture(
            pixels,
            style,
            features,
            seed=seed,
            device=device,
            on_picture=keep,
            every=args.every,
            progress=progress,
            steps=steps,
            **options,
        )
    write_picture(done.pixels, target, quality=args.quality)
    before, after = done.before, done.losses[-1]
    if args.json != "-":
        fall = f"loss {before['loss']:.4g} to {after['loss']:.4g}, style {before['style']:.4g} to {after['style']:.4g}"
        console.print(f"{target} ({fall})", markup=False, soft_wrap=True)
    return {
        "out": str(target),
        "pictures": written,
        "style": args.style,
        "features": features.kind,
        "seed": seed,
        "steps": steps,
        **options,
        "before": done.before,
        "losses": done.losses,
    }


def _data(args: argparse.Namespace) -> dict[str, Any]:
    """A data set's stylized copies."""
    from dataclasses import asdict

    from impasto import sources
    from impasto.jobs import StylizeSettings, stylize_data

    if args.out is None:
        raise RecipeError("a data set needs a folder to write into: impasto stylize DATA OUT --copies K")
    console = output.console(args.json)
    names = ("copies", "alpha", "ratio", "seed", "keep_original", "size", "format", "shard_size", "batch_size")
    chosen = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    settings = StylizeSettings(**chosen, quality=args.quality, on_error="skip" if args.skip_bad else "raise")
    source = sources.open(args.data, images=args.images, caption=args.caption)
    randomizer = _randomizer(args)
    with output.Terminal(console).bar("stylizing") as progress:
        done = stylize_data(source, args.out, randomizer, settings, workers=args.workers or 0, progress=progress)
    if args.json != "-":
        console.print(f"{done.images:,} images, {done.stylized:,} of them stylized, in {done.shards}", markup=False)
        if done.done_before:
            console.print(f"{done.done_before:,} shards were there from an earlier run")
        if done.bad:
            console.print(
                f"{len(done.bad):,} could not be used, see {Path(args.out, 'bad_samples.jsonl')}", markup=False
            )
    return asdict(done)


def _randomizer(args: argparse.Namespace) -> StyleRandomizer:
    from impasto.style import StyleRandomizer

    return StyleRandomizer.load(args.model).to(_device(args.device))


def _device(name: str) -> torch.device:
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise RecipeError("--device cuda: torch finds no CUDA device; use --device cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _target(args: argparse.Namespace) -> Path:
    """Where the picture goes, which is told to be wrong before anything is computed."""
    from impasto.jobs import check_target

    source = Path(args.data)
    target = source.with_name(f"{source.stem}-stylized.png") if args.out is None else Path(args.out)
    if target.is_dir():
        raise SourceError("it is a folder; name a file to write the picture to", path=str(target))
    for name in (args.data, args.style):
        if name is not None and target.exists() and Path(name).exists() and target.samefile(name):
            raise RecipeError("the picture would be written over the one that it is made of", path=str(target))
    check_target(target)
    return target


def _refuse(args: argparse.Namespace, names: tuple[str, ...], reason: str) -> None:
    given = [name for name in names if getattr(args, name) is not None]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise RecipeError(f"{options}: {reason}; leave it out")


def _alpha(text: str) -> float | tuple[float, float]:
    """Parses a number or a range, for argparse; whether it makes sense is asked later."""
    parts = text.split(",")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor a range such as 0.2,0.8")
    return values[0] if len(values) == 1 else (values[0], values[1])
