"""The trainings that an experiment left in its folder, found again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from impasto.checks import require
from impasto.errors import CheckpointError, RecipeError, SourceError
from impasto_lab.experiments import registry
from impasto_lab.experiments.classification.data import Data
from impasto_lab.experiments.classification.office31 import folder_of
from impasto_lab.experiments.classification.office31_data import Office31Data
from impasto_lab.experiments.classification.running import network
from impasto_lab.experiments.classification.settings import TRANSFERS, Office31Settings, Stl10Settings
from impasto_lab.experiments.classification.stl10_data import Stl10Data
from impasto_lab.experiments.experiment import Piece
from impasto_lab.training.checkpoint import load_weights

_EVIDENCE = "results.json"


@dataclass(frozen=True)
class Trained:
    """A network that is trained.

    Attributes:
        arm: What was done to its images.
        seed: Its seed.
        task: What it was, where an arm trains more than one network (a transfer of Office-31); else empty.
        data: What it was trained and is tested on.
        checkpoint: The folder of its weights.
    """

    arm: str
    seed: int
    task: str
    data: Data
    checkpoint: Path

    @property
    def folder(self) -> Path:
        """Where its ``metrics.jsonl`` lies."""
        return self.checkpoint.parent.parent

    def network(self) -> nn.Module:
        """Its network, in evaluation mode.

        Raises:
            CheckpointError: If its weights are damaged or of another network.
        """
        model = network(self.data)
        load_weights(self.checkpoint, model)
        return model.eval()


def trainings(folder: Path) -> list[Trained]:
    """All trainings of an experiment on naming images.

    Args:
        folder: The experiment's, with its ``results.json``.

    Raises:
        SourceError: If it holds no results.
        RecipeError: If they are of another kind of experiment.
        CheckpointError: If no training left its weights.
    """
    evidence = _evidence(folder)
    tasks = _tasks(folder, evidence)
    found = []
    for row in evidence["measured"]:
        arm, seed = str(row["arm"]), int(row["seed"])
        piece = folder / Piece(arm, seed).name
        for task, (part, data) in tasks.items():
            found += [Trained(arm, seed, task, data, path) for path in _newest(piece / part)]
    if not found:
        raise CheckpointError("no training has left its weights here; run the experiment again", path=str(folder))
    return found


def training_of(checkpoint: Path) -> Trained:
    """The training that a checkpoint is of; the experiment is found in the folders above.

    Raises:
        CheckpointError: If it is no checkpoint of an experiment on naming images.
    """
    path = checkpoint.resolve()
    for folder in path.parents:
        if (folder / _EVIDENCE).exists():
            for one in trainings(folder):
                if path in (one.folder.resolve(), one.checkpoint.resolve()):
                    return one
                if path.parent == one.checkpoint.resolve().parent:
                    return Trained(one.arm, one.seed, one.task, one.data, path)
    reason = f"it is no checkpoint of an experiment's training, such as stl10/none-0 beside stl10/{_EVIDENCE}"
    raise CheckpointError(reason, path=str(checkpoint))


def _evidence(folder: Path) -> Mapping[str, Any]:
    path = folder / _EVIDENCE
    try:
        evidence: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = f"there are no results of an experiment: {error}; 'impasto reproduce stl10 --out DIR' makes some"
        raise SourceError(reason, path=str(path)) from error
    require({"experiment", "size", "measured", "settings"} <= set(evidence), f"{path} is no evidence of an experiment")
    return evidence


def _tasks(folder: Path, evidence: Mapping[str, Any]) -> dict[str, tuple[str, Data]]:
    """By name: the part of a piece's folder, and the data."""
    usual = registry.find(evidence["experiment"]).settings.get(evidence["size"])
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in evidence["settings"].items()
    }
    if isinstance(usual, Stl10Settings):
        return {"": ("", Stl10Data(folder, Stl10Settings(**given)))}
    if isinstance(usual, Office31Settings):
        settings = Office31Settings(**given)
        return {transfer: (folder_of(transfer), Office31Data(folder, settings, transfer)) for transfer in TRANSFERS}
    reason = f"{evidence['experiment']!r} trains no networks that name images; stl10, style-search and office31 do"
    raise RecipeError(reason, path=str(folder))


def _newest(folder: Path) -> Iterator[Path]:
    found = sorted((folder / "checkpoints").glob("step-" + "[0-9]" * 8))
    yield from found[-1:]
