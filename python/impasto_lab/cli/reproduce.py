"""``impasto reproduce``: an experiment of the registry, run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from impasto.cli import Device, File, Folder, output
from impasto_lab.experiments import Size, registry


@dataclass(frozen=True, kw_only=True)
class Reproduce:
    """Runs an experiment again: data, training, measures.

    Args:
        out: The run's folder; by default the experiment's name. Finished pieces there are not run again.
        size: smoke takes seconds and learns nothing, small minutes to hours on two cores; full, where there is one, is
            the published setting; by default small where there is one.
        arms: Only these arms.
        seeds: These seeds instead of the experiment's own.
        known: Earlier evidence of the same settings (results.json files), whose pieces are not run again.
        trained: Folders of other runs, whose finished trainings with the same data and settings are taken over.
        workers: Trainings side by side, each in a process of one thread; 0 runs them one after another.
        engine: Where workers run.
        device: What to train on; auto takes a GPU if there is one.
        json: Write settings, measures, machine and versions as JSON too ('-': to standard output, alone).
    """

    out: Folder | None = None
    size: Size | None = None
    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    known: tuple[File, ...] = ()
    trained: tuple[Folder, ...] = ()
    workers: int = 0
    engine: Literal["processes", "ray"] = "processes"
    device: Device = "auto"
    json: File | None = None


def run(reproduce: Reproduce, name: str, changes: Mapping[str, Any]) -> int:
    """Runs the experiment of a name, with options of its own.

    Returns:
        The exit status, 0.
    """
    from impasto_lab.experiments.runner import reproduce as run_experiment
    from impasto_lab.training.distributed import processes, world

    with processes():
        first = world()[0] == 0
        results = run_experiment(
            registry.find(name),
            reproduce.out or name,
            size=reproduce.size,
            arms=reproduce.arms,
            seeds=reproduce.seeds,
            known=reproduce.known,
            trained=reproduce.trained,
            workers=reproduce.workers,
            engine=reproduce.engine,
            device=reproduce.device,
            changes=changes,
            narrator=output.Terminal(output.console(reproduce.json)) if first else None,
        )
        if first:
            output.write_json(results.as_dict(), reproduce.json)
    return 0
