"""The whole command line: the library's verbs and the lab's, one a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from impasto.cli import info, run_main, stylize, top_parser
from impasto_lab.cli import bench, demo, reproduce, show, style, world


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    return top_parser((demo, info, show, style, stylize, bench, reproduce, world))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: What follows ``impasto``; by default the process's own.

    Returns:
        The exit status: 0; 1 when something is wrong, which standard error names in one line; 130 when interrupted.
    """
    return run_main(parser(), arguments)
