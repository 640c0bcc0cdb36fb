"""``impasto reproduce``: run an experiment again."""

from __future__ import annotations

import argparse

from impasto.cli import output

_DEFAULT_STYLE = """\
Makes the style model that comes with impasto: renders contents (the photographs that scikit-image and scikit-learn
carry, and scenes) and hundreds of procedural styles; trains a small VGG to tell them apart, whose features losses and
predictor look at; trains the transformer; and measures on contents and styles that were held out. What OUT holds
already is used as it is, so an interrupted run goes on."""

_EPILOG = """\
examples:
  impasto reproduce default-style --size smoke        seconds: every step runs, nothing is learnt
  impasto reproduce default-style --out style-run     hours on two CPU cores

Needs impasto[demo,style]. The seeds are in the settings; the file holds them with its measures."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the command line."""
    parser = subparsers.add_parser(
        "reproduce",
        help="run an experiment again",
        description="Runs an experiment again: data, training, measures.",
        epilog="example:\n  impasto reproduce default-style --size smoke",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    experiments = parser.add_subparsers(title="experiments", metavar="NAME", required=True)
    style = experiments.add_parser(
        "default-style",
        help="the style model that comes with impasto",
        description=_DEFAULT_STYLE,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    style.add_argument("--out", metavar="OUT", default="default-style", help="(default: default-style)")
    style.add_argument("--size", choices=("smoke", "full"), default="full", help="(default: full)")
    style.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="to train on (default: auto)")
    style.add_argument("--seed", metavar="N", type=output.count, default=0, help="of everything (default: 0)")
    output.add_json(style, "settings and measures")
    style.set_defaults(run=run_default_style)


def run_default_style(args: argparse.Namespace) -> int:
    """Runs ``impasto reproduce default-style``.

    Args:
        args: ``out``, ``size``, ``device``, ``seed`` and ``json``, as `add_parser` has them.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.bench.machine import describe, versions
    from impasto_lab.experiments.default_style import DefaultStyle, run
    from impasto_lab.training import pick_device

    console = output.console(args.json)
    settings = DefaultStyle.smoke(seed=args.seed) if args.size == "smoke" else DefaultStyle(seed=args.seed)
    model = run(args.out, settings, device=pick_device(args.device), narrator=output.Terminal(console))
    command = f"impasto reproduce default-style --size {args.size} --seed {args.seed}"
    about = {"machine": describe(), "versions": versions("impasto", "torch", "scikit-image", "scikit-learn")}
    output.write_json({**model.about, **about, "command": command}, args.json)
    return 0
