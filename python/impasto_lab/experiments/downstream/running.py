"""One arm with a seed: a model is pretrained, tuned to each task by itself, and judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from impasto.sources import Source
from impasto_lab.experiments.downstream.data import task_data, vocabulary_of, world_of
from impasto_lab.experiments.downstream.settings import Arm, Downstream, TaskName
from impasto_lab.experiments.downstream.training import pretrain_once, tune_once
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.scarcity.data import PARTS, source
from impasto_lab.tasks.downstream import (
    Judging,
    Opened,
    RetrievalOptions,
    TuneSettings,
    evaluate,
    find_task,
    open_checkpoint,
)
from impasto_lab.tasks.pretrain import PretrainSettings
from impasto_lab.training import pick_device

#: How retrieval's figures are called on the page.
RECALLS = {"rsum": "RSUM", **{f"{way}@{cut}": f"{way.upper()}@{cut}" for way in ("tr", "ir") for cut in (1, 5, 10)}}


def run_piece(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains, tunes and judges; each part that is done is not done again.

    The folder gets a run of `impasto train` for each: ``pretraining/``, and one by the name of each task.

    Returns:
        ``"RSUM tuned, seen"`` and likewise of the recalls, ``"zero-shot"`` before tuning; ``"vqa, unseen"`` and others
        the accuracy in per cent, ``"nlvr2 consistency, unseen"``.
    """
    arm, device = settings.arms[piece.arm], pick_device(place.device)
    world = world_of(place.shared)
    pretrained = pretrain_arm(piece, settings, place)
    found: dict[str, float] = {}
    if settings.zero_shot:
        found |= _judged("retrieval", "zero-shot", open_checkpoint(pretrained), settings, arm, place, device)
    for task in settings.tuning:
        folder = tune_arm(task, task_data(world, task, "train"), pretrained, piece, settings, place)
        found |= _judged(task, "tuned", open_checkpoint(folder), settings, arm, place, device)
    return found


def pretrain_arm(piece: Piece, settings: Downstream, place: Place) -> Path:
    """Pretrains an arm's model, or goes on with it; the arms of a seed share weights, order and crops.

    Returns:
        The run's folder.
    """
    arm = settings.arms[piece.arm]
    how = PretrainSettings.of(
        arm.model,
        settings.preset,
        mixgen="default" if arm.mixgen else "none",
        steps=settings.pretraining,
        batch_size=settings.batch_size,
        length=settings.length,
        seed=piece.seed,
        save_every=200,
    )
    # CLIP's vocabulary is its own.
    words = None if arm.model == "clip" else vocabulary_of(place.shared)
    return pretrain_once(piece, place, lambda: (source(world_of(place.shared), "train"), how), vocabulary=words)


def tune_arm(task: TaskName, data: Source, pretrained: Path, piece: Piece, settings: Downstream, place: Place) -> Path:
    """Tunes a pretrained model to a task, or goes on with it.

    Args:
        task: The task.
        data: What it is trained on.
        pretrained: The folder of `pretrain_arm`.
        piece: Arm and seed.
        settings: The experiment's.
        place: Where.

    Returns:
        The run's folder.
    """
    how = TuneSettings.of(
        task,
        settings.arms[piece.arm].model,
        steps=settings.tuning[task],
        batch_size=settings.batch_size,
        seed=piece.seed,
        save_every=200,
    )
    return tune_once(task, task, pretrained, piece, place, lambda: (data, how))


def _judged(
    task: TaskName, how: str, opened: Opened, settings: Downstream, arm: Arm, place: Place, device: torch.device
) -> dict[str, float]:
    """What is found of a task's held-out parts, by what it is called on the page."""
    found: dict[str, float] = {}
    closely = settings.k if arm.model in ("albef", "tcl") else None
    options = RetrievalOptions(k=closely) if task == "retrieval" else find_task(task).options()
    most = settings.compared if arm.model == "vilt" and task == "retrieval" else None
    for part, split in PARTS.items():
        data = task_data(world_of(place.shared), task, split, most=most)
        figures = evaluate(task, opened, data, Judging(options=options, device=device))
        if task == "retrieval":
            found |= {f"{name} {how}, {part}": figures[known] for known, name in RECALLS.items()}
        else:
            found[f"{task}, {part}"] = figures["accuracy"]
            if "consistency" in figures:
                found[f"{task} consistency, {part}"] = figures["consistency"]
    return found
