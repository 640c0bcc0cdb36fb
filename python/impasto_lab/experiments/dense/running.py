"""One arm, trained and measured on the source and on the target."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
import torchvision
from torch import nn

from impasto.loading import Loader
from impasto.recipe import ColorJitter, Grayscale, ImageRecipe, Recipe
from impasto_lab.experiments.dense.data import fields_of, held_out, training_data, training_split
from impasto_lab.experiments.dense.settings import STYLED, Dense
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.prepared import keep_to
from impasto_lab.models import CenterDetector
from impasto_lab.tasks.dense import DetectionTask, SegmentationTask
from impasto_lab.training import FitSettings, fit, pick_device


def recipe_of(arm: str, settings: Dense) -> Recipe:
    """What an arm does to its images; normalizing is the models' own."""
    moves, colors = arm in ("geometric", "traditional", "both"), arm in ("color", "traditional", "both")
    jitter = settings.jitter
    augment = ColorJitter(brightness=jitter, contrast=jitter, saturation=jitter, hue=jitter / 2)
    image = ImageRecipe(
        size=settings.crowd.side,
        crop="random" if moves else "none",
        scale=settings.scale,
        hflip=0.5 if moves else 0.0,
        augment=(augment, Grayscale(p=0.1)) if colors else (),
        normalize=None,
    )
    return Recipe(image=image, text=None)


def run_piece(piece: Piece, settings: Dense, place: Place) -> Mapping[str, float]:
    """Trains an arm, and measures it on held-out images of the source and of the target.

    What is interrupted goes on from its last checkpoint.

    Returns:
        ``mAP source``, ``AP50 source``, ``mAP target``, ``AP50 target``, or ``mIoU source``, ``mIoU target``; in per
        cent; and the last loss.

    Raises:
        RecipeError: If its folder holds a training of other settings.
    """
    device, held = pick_device(place.device), held_out(place.shared, settings)
    data = training_split(place.shared, settings)
    loader = Loader(
        training_data(place.shared, settings, styled=piece.arm in STYLED),
        recipe_of(piece.arm, settings),
        batch_size=settings.batch_size,
        seed=piece.seed,
        # On a CPU, the model wants the cores more than the loader does.
        workers=min(os.cpu_count() or 1, 8) if device.type == "cuda" else 1,
        fields=fields_of(data, settings),
    )
    classes = len(data.classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(piece.seed)
        model = build(settings, classes).to(device)
    task = (
        DetectionTask(model, held, visible=settings.visible)
        if settings.detects
        else SegmentationTask(model, classes=classes + 1, held_out=held)
    )
    fitting = FitSettings(
        steps=settings.steps,
        lr=settings.lr,
        weight_decay=0.02,
        warmup=settings.steps // 20,
        seed=piece.seed,
        log_every=max(settings.steps // 50, 1),
        save_every=max(settings.steps // 10, 1),
    )
    # A checkpoint says nothing of what its steps were made with.
    keep_to(place.folder / "begun.json", {"arm": piece.arm, "seed": piece.seed, **asdict(settings)})
    resume = any((place.folder / "checkpoints").glob("step-????????"))
    with place.narrator.bar(f"training {piece.name}") as advance:
        fitted = fit(task, loader, fitting, folder=place.folder, resume=resume, progress=advance)
    # What was interrupted behind its last step has not been scored.
    return {**(fitted.scores or task.evaluate()), "last loss": fitted.records[-1]["loss"]}


def build(settings: Dense, classes: int) -> nn.Module:
    """A model by name, with weights that are drawn, none that are downloaded.

    Args:
        settings: Its name, and our detector's width.
        classes: Kinds of things, without the ground.
    """
    if settings.model == "center":
        return CenterDetector(classes, width=settings.width)
    # torchvision counts the ground as a class.
    drawn: dict[str, Any] = {"weights": None, "weights_backbone": None, "num_classes": classes + 1}
    if settings.detects:
        side = settings.crowd.side
        drawn |= {"min_size": side, "max_size": side}
    model: nn.Module = torchvision.models.get_model(settings.model, **drawn)
    return model
