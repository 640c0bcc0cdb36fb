"""How pages of help are set."""

from __future__ import annotations

import argparse
import textwrap


class Help(argparse.HelpFormatter):
    """Fills paragraphs as wide as the terminal, and leaves lines that are indented, which are examples, as they are."""

    def add_argument(self, action: argparse.Action) -> None:
        """Adds an argument, and makes room for the indentation of verbs, which argparse forgets."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(_filled(paragraph, width, indent) for paragraph in text.split("\n\n"))


def _filled(paragraph: str, width: int, indent: str) -> str:
    lines = paragraph.splitlines()
    if any(line.startswith("  ") for line in lines):
        return "\n".join(indent + line for line in lines)
    return textwrap.fill(paragraph, width, initial_indent=indent, subsequent_indent=indent)
