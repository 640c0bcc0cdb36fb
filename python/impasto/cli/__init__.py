"""The command line: one verb a file, each with ``add_parser`` and ``run``.

A verb's module imports nothing heavy until it runs, so that ``impasto --help`` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from impasto.cli import info, stylize
from impasto.errors import ImpastoError

_DESCRIPTION = "MixGen, style randomization and fast image-text loading for PyTorch."

_EPILOG = """\
examples:
  impasto demo                                        load, mix, time, train and report on real photographs
  impasto info captions_val2017.json --images val2017/
  impasto show mixgen captions_val2017.json           pairs, and what MixGen's variants make of them
  impasto style train --content photos/ --style paintings/ --out run/
  impasto stylize mug.png out.png --alpha 0.5         a picture in another style; data sets too
  impasto bench loader --quick                        our loader against two Python loaders, on this machine
  impasto world scenes out/ --size tiny --seed 0      render a small data set

`impasto VERB --help` tells all about one. The exit status is 0, 1 when something is wrong (standard error says what),
2 when the command line is, and 130 when interrupted."""


def top_parser(verbs: Sequence[Any]) -> argparse.ArgumentParser:
    """A grammar of the verbs given."""
    top = argparse.ArgumentParser(
        "impasto", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action=_Version, help="print the version and exit")
    parsers = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in verbs:
        verb.add_parser(parsers)
    return top


def parser() -> argparse.ArgumentParser:
    """The grammar of the library's verbs."""
    return top_parser((info, stylize))


def run_main(grammar: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> int:
    """Runs a command line, and turns what goes wrong into an exit status and one line."""
    args = grammar.parse_args(arguments)
    try:
        status: int = args.run(args)
    except ImpastoError as error:
        reason = " ".join(str(error).split())
        print(f"impasto: {type(error).__name__}: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("impasto: interrupted", file=sys.stderr)
        return 130
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the library's verbs.

    Args:
        arguments: What follows ``impasto``; by default the process's own.

    Returns:
        The exit status: 0; 1 when something is wrong, which standard error names in one line; 130 when interrupted.
    """
    return run_main(parser(), arguments)


class _Version(argparse.Action):
    """Looks the version up when it is asked for, and not before: reading a package's metadata takes a while."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import impasto

        print(f"impasto {impasto.__version__}")
        parser.exit()
