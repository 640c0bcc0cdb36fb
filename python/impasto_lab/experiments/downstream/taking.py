"""Trainings of other runs, taken over: the tables of one seed begin with the same pretraining."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.errors import RecipeError
from impasto.files import new_folder
from impasto_lab.experiments.downstream.data import world_of
from impasto_lab.experiments.downstream.settings import PRETRAINING
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.prepared import NAME


def take_training(name: str, piece: Piece, place: Place) -> None:
    """Copies a finished training of another run into a piece's folder, unless that has begun one.

    What it was begun with lies beside it, so whoever goes on with it is told where settings differ.

    Args:
        name: The training's folder.
        piece: Arm and seed.
        place: Where, and whose trainings may be taken.

    Raises:
        RecipeError: If the other run's data are not this one's.
    """
    folder = place.folder / name
    for other in place.trained:
        found = other / piece.name
        if folder.exists() or not (found / name / "model").exists():
            continue
        theirs, ours = _data_of(other), _data_of(place.shared)
        if theirs != ours:
            reason = f"its trainings can't be taken: its world is {theirs}, and here it is {ours}; leave it out"
            raise RecipeError(reason, path=str(other))
        if name != PRETRAINING and not _alike(found, place.folder):
            continue
        with new_folder(folder) as partial:
            shutil.copytree(found / name, partial, dirs_exist_ok=True)


def _data_of(shared: Path) -> Mapping[str, Any]:
    """What a run is made of: its world, or the real data that it noted."""
    note = shared / NAME
    if not note.exists():
        return world_of(shared).about
    noted: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return {name: noted.get(name) for name in ("data", "most", "missing")}


def _alike(one: Path, other: Path) -> bool:
    """Whether both were pretrained alike: a tuning doesn't say what it was begun from."""
    begun = [folder / PRETRAINING / "run.json" for folder in (one, other)]
    return all(path.exists() for path in begun) and begun[0].read_bytes() == begun[1].read_bytes()
