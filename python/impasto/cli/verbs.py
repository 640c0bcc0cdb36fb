"""Verbs as a list has them: found by name, and imported when they are asked for."""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_type_hints

from impasto.cli import flags
from impasto.cli.docstrings import description
from impasto.cli.help import Help
from impasto.extras import missing


@dataclass(frozen=True)
class Verb:
    """A verb: a module with ``run``, whose one argument is a dataclass of what is told, and ``EPILOG``, its examples.

    Attributes:
        summary: What it does, in a few words.
        module: Its full name.
        extra: What brings the packages that it needs, as pyproject.toml names it.
    """

    summary: str
    module: str
    extra: str

    def fill(self, parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
        """Gives the verb's parser its flags and its help; the words after it have no say."""
        del words
        with self._extra_named():
            module = importlib.import_module(self.module)
        settings = _settings(module)
        parser.description, parser.epilog = description(settings), module.EPILOG
        flags.add(parser, settings)
        parser.set_defaults(verb=self)

    def run(self, found: Mapping[str, Any]) -> int:
        """Runs the verb, and returns the exit status."""
        with self._extra_named():
            module = importlib.import_module(self.module)
            status: int = module.run(flags.make(_settings(module), found))
            return status

    @contextmanager
    def _extra_named(self) -> Iterator[None]:
        """Says of a package that is absent what brings it; of one that is broken it does not."""
        try:
            yield
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if not package or importlib.util.find_spec(package) is not None:
                raise
            raise missing(package, self.extra) from error


@dataclass(frozen=True)
class Group:
    """Verbs under a name of their own, such as ``style train`` and ``style stats``.

    Attributes:
        summary: What they do, in a few words.
        description: A sentence about them.
        example: A command line.
        verbs: The verbs, by their second name.
    """

    summary: str
    description: str
    example: str
    verbs: Mapping[str, Verb]

    def fill(self, parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
        """Gives the group's parser its verbs, of which the one that the words name has its flags."""
        parser.description, parser.epilog = self.description, f"example:\n  {self.example}"
        grow(parser, self.verbs, words)


def _settings(module: Any) -> type:
    """What a verb's ``run`` takes."""
    settings: type = next(iter(get_type_hints(module.run).values()))
    return settings


def grow(parser: argparse.ArgumentParser, verbs: Mapping[str, Verb | Group], words: Sequence[str]) -> None:
    """Gives a parser its verbs, of which the one that the words name has its flags."""
    named = next(iter(words), "-")
    children = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name, verb in verbs.items():
        child = children.add_parser(name, help=verb.summary, formatter_class=Help)
        if name == named:
            verb.fill(child, words[1:])
    if named not in verbs and not named.startswith("-"):
        close = difflib.get_close_matches(named, verbs, n=1)
        known = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(verbs)}"
        known += "; the command `impasto` has all the others" if verbs is VERBS and not close else ""
        parser.error(f"no verb is called {named!r}; {known}")


#: The library's verbs.
VERBS: dict[str, Verb | Group] = {
    "fetch": Verb("download the images of a list of URLs into shards", "impasto.cli.fetch", "cli,fetch"),
    "info": Verb("what is in a data set, and what would go wrong", "impasto.cli.info", "cli"),
    "clean": Verb("list the rows of a data set that are worth keeping", "impasto.cli.clean", "clean"),
    "pack": Verb("write any data set as WebDataset tar shards", "impasto.cli.pack", "cli"),
    "stylize": Verb("paint a picture, or a data set, in other styles", "impasto.cli.stylize", "style"),
    "verify": Verb("look whether shards are all there, whole and readable", "impasto.cli.verify", "cli"),
}
