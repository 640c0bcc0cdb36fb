"""What came of an experiment: a file for each piece, and one for all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import RecipeError, SourceError
from impasto.files import new_file
from impasto_lab.experiments.experiment import Experiment, Piece, Size
from impasto_lab.experiments.verdicts import Verdict, judge

#: The file that says where a folder's pieces were taken from.
_KNOWN = "known.json"


@dataclass(frozen=True)
class Results:
    """What was measured, and what it says.

    Attributes:
        experiment: What was run.
        size: How much of it.
        measured: By piece and metric.
        verdicts: On the experiment's claims, where both arms have run.
        settings: What was run, as the size or the command line has it.
        about: Machine, versions, command.
    """

    experiment: Experiment
    size: Size
    measured: Mapping[Piece, Mapping[str, float]]
    verdicts: tuple[Verdict, ...]
    settings: Any
    about: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        experiment: Experiment,
        size: Size,
        measured: Mapping[Piece, Mapping[str, float]],
        *,
        settings: Any,
        about: Mapping[str, Any],
    ) -> Results:
        """Judges what was measured."""
        judged = ((claim, judge(claim, measured)) for claim in experiment.claims)
        verdicts = tuple(replace(one, published=experiment.told(claim)) for claim, one in judged if one is not None)
        return cls(experiment, size, measured, verdicts, settings, about)

    def rows(self) -> list[list[str]]:
        """For a table: arm, metric, published, mean of ours, seeds."""
        rows = []
        for arm in self.experiment.every_arm:
            ours = [metrics for piece, metrics in self.measured.items() if piece.arm == arm]
            for metric in dict.fromkeys(name for metrics in ours for name in metrics):
                values = [metrics[metric] for metrics in ours if metric in metrics]
                known = self.experiment.published.get(arm, {}).get(metric)
                told = "" if known is None else f"{known:g}"
                rows.append([arm, metric, told, f"{np.mean(values):.4g}", str(len(values))])
        return rows

    def claims(self) -> list[list[str]]:
        """For a table: claim, verdict, published and own difference, its interval, what would show, seeds."""
        return [
            [
                one.claim,
                one.word,
                ", ".join(f"{value:+.4g}" for value in one.published.values()),
                f"{one.difference:+.3g}",
                "{:.3g} to {:.3g}".format(*one.interval) if math.isfinite(one.detectable) else "unknown",
                f"{one.detectable:.3g}" if math.isfinite(one.detectable) else "unknown",
                str(one.seeds),
            ]
            for one in self.verdicts
        ]

    def as_dict(self) -> dict[str, Any]:
        """The evidence, as JSON has it."""
        return {
            "experiment": self.experiment.name,
            "title": self.experiment.title,
            "size": self.size,
            "arms": list(self.experiment.every_arm),
            "source": self.experiment.source,
            "published": {arm: dict(metrics) for arm, metrics in self.experiment.published.items()},
            "measured": [
                {"arm": piece.arm, "seed": piece.seed, **metrics} for piece, metrics in sorted(self.measured.items())
            ],
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "settings": asdict(self.settings),
            **self.about,
        }


def check_folder(folder: Path, experiment: str) -> tuple[list[str], list[Any]]:
    """Sees that a folder has no results but an experiment's own, which would be written over.

    Returns:
        The commands that its results came of, the last one first, and what was taken from other evidence.

    Raises:
        SourceError: If what is there can't be read.
        RecipeError: If they are another's.
    """
    path, noted = folder / "results.json", folder / _KNOWN
    try:
        taken = list(json.loads(noted.read_text(encoding="utf-8"))) if noted.exists() else []
        if not path.exists():
            return [], taken
        evidence = json.loads(path.read_text(encoding="utf-8"))
        there, commands = evidence["experiment"], [evidence["command"], *evidence.get("before", [])]
        known = list(evidence.get("known", []))
        known += [one for one in taken if one not in known]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"it can't be read: {error!r}; remove it, or choose another folder", path=str(path)
        ) from error
    if there != experiment:
        reason = f"these are the results of {there!r}; choose another folder for {experiment!r}, or remove them"
        raise RecipeError(reason, path=str(path))
    return commands, known


def note_known(folder: Path, taken: Sequence[Mapping[str, Any]]) -> None:
    """Notes where pieces were taken from, before a run may be cut short and its results are not written.

    Args:
        folder: The experiment's.
        taken: All that was taken so far, as `check_folder` gives it.
    """
    with new_file(folder / _KNOWN) as partial:
        partial.write_text(json.dumps(taken, indent=2) + "\n", encoding="utf-8")


def differing(settings: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """The names of what differs in two settings."""
    names = settings.keys() | others.keys()
    return ", ".join(sorted(name for name in names if settings.get(name) != others.get(name)))


class Kept:
    """The files of finished pieces: ``pieces/{arm}-{seed}.json`` below an experiment's folder.

    Args:
        folder: The experiment's.
        settings: What the pieces depend on, as JSON has it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder / "pieces"
        self.settings = json.loads(json.dumps(settings, default=repr))

    def path(self, piece: Piece) -> Path:
        """Where a piece's file lies."""
        return self.folder / f"{piece.name}.json"

    def load(self, piece: Piece) -> dict[str, float] | None:
        """What was measured of a piece; None if it is not done.

        Raises:
            SourceError: If its file is damaged.
            RecipeError: If it was done with other settings.
        """
        path = self.path(piece)
        return self._read(path) if path.exists() else None

    def _read(self, path: Path) -> dict[str, float]:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            settings, metrics = kept["settings"], {str(name): float(value) for name, value in kept["metrics"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceError(
                f"it can't be read: {error!r}; remove it, and the piece runs again", path=str(path)
            ) from error
        if settings != self.settings:
            differ = differing(settings, self.settings)
            reason = f"the piece was run with other settings: {differ}; choose another folder, or remove it"
            raise RecipeError(reason, path=str(path))
        return metrics

    def every(self, arms: Sequence[str]) -> dict[Piece, dict[str, float]]:
        """What was measured of every finished piece of these arms, in order.

        Raises:
            SourceError: If a file is damaged.
            RecipeError: If a piece was done with other settings, whatever its arm: of other data, say.
        """
        found = {}
        for arm in arms:
            numbers = (path.stem.removeprefix(f"{arm}-") for path in self.folder.glob(f"{arm}-*.json"))
            for piece in (Piece(arm, seed) for seed in sorted(int(number) for number in numbers if number.isdecimal())):
                metrics = self.load(piece)
                if metrics is not None:
                    found[piece] = metrics
        for path in self.folder.glob("*.json"):
            if path.stem not in {piece.name for piece in found}:
                self._read(path)  # other data may have other arms
        return found

    def keep(self, piece: Piece, metrics: Mapping[str, float]) -> None:
        """Writes what was measured of a piece."""
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"arm": piece.arm, "seed": piece.seed, "settings": self.settings, "metrics": dict(metrics)}
        with new_file(self.path(piece)) as partial:
            partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
