"""Trainings of a piece, each in a folder of its own: done once, taken from another run, or gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from impasto.sources import Source
from impasto_lab.experiments.downstream.settings import PRETRAINING
from impasto_lab.experiments.downstream.taking import take_training
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.tasks.downstream import Judging, TuneSettings, find_task, open_checkpoint, tune
from impasto_lab.tasks.downstream.settings import Tunable
from impasto_lab.tasks.pretrain import PretrainSettings, pretrain
from impasto_lab.training import pick_device
from impasto_lab.training.distributed import wait, world

#: Opens the data, and tells how they are trained on; not called where nothing is left to do.
Pretraining = Callable[[], tuple[Source, PretrainSettings]]
Tuning = Callable[[], tuple[Source, TuneSettings]]


def pretrain_once(piece: Piece, place: Place, opens: Pretraining, **more: Any) -> Path:
    """Pretrains a piece's model, or goes on with it.

    Args:
        piece: Arm and seed.
        place: Where.
        opens: Data and settings.
        more: Other arguments of `impasto_lab.tasks.pretrain.pretrain`.

    Returns:
        The run's folder, ``pretraining/`` in the piece's own.
    """
    folder = place.folder / PRETRAINING
    if _done(PRETRAINING, piece, place):
        return folder
    data, how = opens()
    with place.narrator.bar(f"{piece.arm}, seed {piece.seed}, pretraining") as advance:
        pretrain(data, how, folder=folder, device=pick_device(place.device), progress=advance, **more)
    return folder


def tune_once(
    name: str,
    task: Tunable,
    pretrained: Path,
    piece: Piece,
    place: Place,
    opens: Tuning,
    *,
    options: Any = None,
    threads: int = 1,
) -> Path:
    """Tunes a piece's pretrained model to a task, or goes on with it.

    Args:
        name: The run's folder in the piece's own.
        task: The task.
        pretrained: The folder of `pretrain_once`.
        piece: Arm and seed.
        place: Where.
        opens: Data and settings.
        options: The task's; None for the usual ones.
        threads: Of the loader.

    Returns:
        The run's folder.
    """
    folder = place.folder / name
    if _done(name, piece, place):
        return folder
    data, how = opens()
    judging = Judging(options=options or find_task(task).options(), workers=threads, device=pick_device(place.device))
    with place.narrator.bar(f"{piece.arm}, seed {piece.seed}, {name}") as advance:
        tune(task, open_checkpoint(pretrained), data, how, folder=folder, judging=judging, progress=advance)
    return folder


def _done(name: str, piece: Piece, place: Place) -> bool:
    """Whether a training is there already; one of another run is taken where there is none."""
    there = (place.folder / name / "model").exists()
    wait()  # all processes that train together have looked before one of them changes what is there
    if not there and world()[0] == 0:
        take_training(name, piece, place)
    wait()
    return there
