"""A command line: its verbs, its help, its errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from impasto.cli.help import Help
from impasto.cli.verbs import VERBS, Group, Verb, grow
from impasto.errors import ImpastoError

_DESCRIPTION = "MixGen, style randomization and fast image-text loading for PyTorch."

_EPILOG = """\
examples:
{examples}

`impasto VERB --help` tells all about one. The exit status is 0, 1 when something is wrong (standard error says what),
2 when the command line is, and 130 when interrupted."""

_EXAMPLES = """\
  impasto info captions_val2017.json --images val2017/
  impasto clean 'shards/{00000..00041}.tar' cleaned/  what is damaged, blank, noisy, or there twice
  impasto pack captions_train.json packed/ --short-side 256
  impasto stylize mug.png out.png --alpha 0.5         a picture in another style; data sets too"""


def parser(
    verbs: Mapping[str, Verb | Group] = VERBS, words: Sequence[str] = (), examples: str = _EXAMPLES
) -> argparse.ArgumentParser:
    """The grammar of a command line.

    Args:
        verbs: The verbs there are.
        words: The command line; the verb that it names is imported, the others are listed.
        examples: What help ends with.
    """
    top = argparse.ArgumentParser(
        "impasto",
        description=_DESCRIPTION,
        epilog=_EPILOG.format(examples=examples),
        formatter_class=Help,
    )
    top.add_argument("--version", action=_Version, help="print the version and exit")
    grow(top, verbs, words)
    return top


def main(
    arguments: Sequence[str] | None = None,
    verbs: Mapping[str, Verb | Group] = VERBS,
    examples: str = _EXAMPLES,
) -> int:
    """Runs a command line, and turns what goes wrong into an exit status and one line.

    Args:
        arguments: What follows ``impasto``; by default the process's own.
        verbs: The verbs there are.
        examples: What help ends with.

    Returns:
        The exit status: 0; 1 when something is wrong, which standard error names in one line; 130 when interrupted.
    """
    words = sys.argv[1:] if arguments is None else arguments
    try:
        found = vars(parser(verbs, words, examples).parse_args(words))
        status: int = found["verb"].run(found)
    except ImpastoError as error:
        reason = " ".join(str(error).split())
        print(f"impasto: {type(error).__name__}: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stopped:
        print("; ".join(["impasto: interrupted", *map(str, stopped.args)]), file=sys.stderr)
        return 130
    return status


class _Version(argparse.Action):
    """Looks the version up when it is asked for, and not before: reading a package's metadata takes a while."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import impasto

        print(f"impasto {impasto.__version__}")
        parser.exit()
