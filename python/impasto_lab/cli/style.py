"""``impasto style``: train a style model, and take the statistics of styles."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli import output

if TYPE_CHECKING:
    from impasto_lab.tasks.train_style import StyleTraining

_TRAIN = """\
Trains a style model: a network that repaints images as an embedding says, and one that predicts a style image's
embedding (Ghiasi et al. 2017). CONTENT and STYLE are data sets of any format that `impasto info` knows; two folders of
images will do. The run's folder gets metrics.jsonl, checkpoints, pictures and curves on the way, and model.safetensors
at the end, which `impasto stylize --model` and `impasto.StyleRandomizer.load` take."""

_TRAIN_EPILOG = """\
presets:
  compact   our small networks with a loss whose layers are balanced; hours on two CPU cores, minutes on a GPU
  magenta   Magenta's recipe: full networks, VGG-16's features, 256 pixels, 3 million steps at 1e-5

examples:
  impasto style train --content coco/train2017 --style painter-by-numbers/train --out run/
  impasto style train --content A --style B --out run/ --resume
  torchrun --nproc_per_node 8 -m impasto style train --preset magenta --content A --style B --out run/ --amp bfloat16"""

_STATS = """\
Takes mean and covariance of the style embeddings of a data set, as the published ones were: every image brought to
256x256, the predictor in evaluation mode. Writes a model with the same networks whose random styles are those."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "style",
        help="train a style model, take the statistics of styles",
        description="What style models are made of.",
        epilog="example:\n  impasto style stats --style paintings/ --out mine.safetensors",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(title="commands", metavar="WHAT", required=True)
    _add_train(what)
    _add_stats(what)


def _add_train(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = what.add_parser(
        "train",
        help="train networks on contents and styles",
        description=_TRAIN,
        epilog=_TRAIN_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("--content", metavar="DATA", required=True, help="images to be painted")
    train.add_argument("--style", metavar="DATA", required=True, help="images to paint like")
    train.add_argument("--out", metavar="DIR", required=True, help="the run's folder")
    train.add_argument("--preset", choices=("compact", "magenta"), default="compact", help="(default: compact)")
    train.add_argument("--features", metavar="WHICH", help="small, vgg16, or a file of either (default: the preset's)")
    train.add_argument("--init", metavar="MODEL", help="begin with this model")
    train.add_argument("--resume", action="store_true", help="go on from the newest checkpoint in DIR")
    for name, text in (
        ("side", "pixels"),
        ("batch-size", "pairs in a batch, on each process"),
        ("steps", "batches"),
        ("picture-every", "steps between pictures"),
        ("save-every", "steps between checkpoints"),
        ("log-every", "steps between records"),
    ):
        train.add_argument(f"--{name}", metavar="N", type=output.positive, help=f"{text} (default: the preset's)")
    train.add_argument("--lr", metavar="R", type=float, help="highest learning rate (default: the preset's)")
    train.add_argument("--amp", choices=("off", "bfloat16", "float16"), help="mixed precision (default: off)")
    train.add_argument("--backend", choices=("eager", "torchscript", "compile"), help="(default: eager)")
    train.add_argument("--workers", metavar="W", type=output.count, default=1, help="threads that load (default: 1)")
    train.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    train.add_argument("--seed", metavar="N", type=output.count, default=0, help="of everything (default: 0)")
    output.add_json(train, "the records")
    train.set_defaults(run=run_train)


def _add_stats(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stats = what.add_parser(
        "stats",
        help="mean and covariance of the embeddings of styles",
        description=_STATS,
        epilog="example:\n  impasto style stats --style paintings/ --out mine.safetensors",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stats.add_argument("--style", metavar="DATA", required=True, help="style images")
    stats.add_argument("--content", metavar="DATA", help="content images, for the fixed mean that base='mean' takes")
    stats.add_argument("--model", metavar="MODEL", help="whose predictor embeds them (default: impasto's own)")
    stats.add_argument("--out", metavar="FILE", required=True, help="the model to write, .safetensors")
    stats.add_argument("--side", metavar="N", type=output.positive, default=256, help="pixels (default: 256)")
    stats.add_argument("--batch-size", metavar="N", type=output.positive, default=16, help="(default: 16)")
    stats.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    output.add_json(stats, "the statistics")
    stats.set_defaults(run=run_stats)


def run_train(args: argparse.Namespace) -> int:
    """Runs ``impasto style train``.

    Args:
        args: As `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto import sources
    from impasto.style import open_model
    from impasto_lab.report.styles import TrainingPictures
    from impasto_lab.tasks.train_style import train_style
    from impasto_lab.training import pick_device
    from impasto_lab.training.distributed import processes, world

    console = output.console(args.json)
    out = Path(args.out)
    settings = _settings(args)

    with processes() as own:
        tell = output.Terminal(console)
        with tell.bar(f"training at {settings.side} pixels") as advance:
            trained = train_style(
                sources.open(args.content),
                sources.open(args.style),
                settings,
                folder=out,
                init=open_model(args.init) if args.init else None,
                resume=args.resume,
                device=own or pick_device(args.device),
                workers=args.workers,
                progress=advance,
                on_picture=TrainingPictures(out),
            )
        if world()[0] == 0:
            last = trained.fit.records[-1]
            parts = ", ".join(f"{name} {last[name]:.3f}" for name in ("content", "style"))
            tell.say(f"{settings.steps} steps in {trained.fit.seconds:.0f} s: {parts}")
            tell.say(f"see {out / 'model.safetensors'}, {out / 'pictures'} and {out / 'curves.png'}")
            output.write_json({"records": trained.fit.records, "model": str(out / "model.safetensors")}, args.json)
    return 0


def _settings(args: argparse.Namespace) -> StyleTraining:
    from impasto_lab.tasks.train_style import StyleTraining

    names = (
        "features",
        "side",
        "batch_size",
        "steps",
        "picture_every",
        "save_every",
        "log_every",
        "lr",
        "amp",
        "backend",
        "seed",
    )
    changes: dict[str, Any] = {name: value for name in names if (value := getattr(args, name)) is not None}
    if args.preset == "magenta":
        return StyleTraining.magenta(**changes)
    if "steps" in changes:
        changes["warmup"] = min(100, changes["steps"] // 10)
    return StyleTraining(**changes)


def run_stats(args: argparse.Namespace) -> int:
    """Runs ``impasto style stats``.

    Args:
        args: As `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto import sources
    from impasto.style import StyleModel, open_model
    from impasto_lab.tasks.style_statistics import embed
    from impasto_lab.training import pick_device

    console = output.console(args.json)
    tell = output.Terminal(console)
    device = pick_device(args.device)
    model = open_model(args.model).to(device)
    found = {}
    for name, data in (("style", args.style), ("content", args.content)):
        if data:
            with tell.bar(f"embedding {name}s") as advance:
                found[name] = embed(
                    sources.open(data),
                    model.predictor,
                    side=args.side,
                    batch_size=args.batch_size,
                    device=device,
                    progress=advance,
                )
    distribution = found["style"].distribution()
    mean = found["content"].mean if "content" in found else model.content_mean
    StyleModel(model.transformer, model.predictor, distribution, mean, model.about).save(args.out)
    tell.say(f"{found['style'].count} styles, {distribution}; see {args.out}")
    output.write_json(
        {
            "count": found["style"].count,
            "mean": distribution.mean.tolist(),
            "covariance": distribution.covariance.tolist(),
        },
        args.json,
    )
    return 0
