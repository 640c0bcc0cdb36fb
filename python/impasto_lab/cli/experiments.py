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
        sizes = ", ".join(found.sizes)
        arms = ", ".join(found.arms)
        if found.further:
            arms += f"; with '--arms all' also {', '.join(found.further)}"
        parser.description = f"{found.about}\n\nArms: {arms}. Sizes: {sizes}."
        parser.epilog = (
            f"examples:\n  impasto reproduce {found.name} --size smoke\n"
            f"  impasto reproduce {found.name} --out run --workers 2"
        )
        flags.add(parser, settings, choices={"size": list(found.sizes)})
        if found.options:
            group = parser.add_argument_group("instead of the size's own")
            flags.add(group, type(found.settings[found.usual]), found.options)
        if (real := found.real) is not None:
            arms = ", ".join(real.arms) + (f"; then also {', '.join(real.further)}" if real.further else "")
            parser.description += f"\n\nWith --data: {real.about}\n\nArms: {arms}. Sizes: {', '.join(real.settings)}."
            parser.epilog += f"\n  impasto reproduce {found.name} --size full --data DIR --out run"
            group = parser.add_argument_group("on real data")
            flags.add(group, type(real.settings[real.usual]), real.options)
        parser.set_defaults(verb=self)

    def run(self, found: Mapping[str, Any]) -> int:
        """Runs the experiment, and returns the exit status."""
        with self._extra_named():
            module = importlib.import_module(self.module)
            experiment = registry.find(self.experiment)
            options = (*experiment.options, *(experiment.real.options if experiment.real else ()))
            changes = {name: found[name] for name in options if name in found}
            status: int = module.run(flags.make(module.Reproduce, found), self.experiment, changes)
            return status


#: By the experiment's name.
EXPERIMENTS: dict[str, Verb] = {
    name: ReproduceVerb(title, "impasto_lab.cli.reproduce", "lab", name)
    for name, (_, title) in registry.EXPERIMENTS.items()
}
