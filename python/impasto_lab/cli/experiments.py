"""A verb for each experiment, made from the registry."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impasto.cli import Verb, flags
from impasto_lab.experiments import registry


@dataclass(frozen=True)
class ReproduceVerb(Verb):
    """One experiment as a verb: its own words above the flags that all have.

    Attributes:
        experiment: Its name in the registry.
    """

    experiment: str

    def fill(self, parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
        """Gives the experiment's parser its flags and its help."""
        del words
        with self._extra_named():
            settings = importlib.import_module(self.module).Reproduce
            found = registry.find(self.experiment)
        sizes = ", ".join(size for size in found.settings)
        arms = ", ".join(found.arms)
        if found.further:
            arms += f"; with '--arms all' also {', '.join(found.further)}"
        parser.description = f"{found.about}\n\nArms: {arms}. Sizes: {sizes}."
        parser.epilog = (
            f"examples:\n  impasto reproduce {found.name} --size smoke\n"
            f"  impasto reproduce {found.name} --out run --workers 2"
        )
        flags.add(parser, settings, choices={"size": list(found.settings)})
        if found.options:
            group = parser.add_argument_group("instead of the size's own")
            flags.add(group, type(found.settings[found.usual]), found.options)
        parser.set_defaults(verb=self)

    def run(self, found: Mapping[str, Any]) -> int:
        """Runs the experiment, and returns the exit status."""
        with self._extra_named():
            module = importlib.import_module(self.module)
            changes = {name: found[name] for name in registry.find(self.experiment).options if name in found}
            status: int = module.run(flags.make(module.Reproduce, found), self.experiment, changes)
            return status


#: By the experiment's name.
EXPERIMENTS: dict[str, Verb] = {
    name: ReproduceVerb(title, "impasto_lab.cli.reproduce", "lab", name)
    for name, (_, title) in registry.EXPERIMENTS.items()
}
