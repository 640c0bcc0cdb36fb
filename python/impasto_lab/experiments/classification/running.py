"""One training of an arm: loader, network, scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from impasto.batch import BatchId
from impasto.files import new_file
from impasto.loading import Loader, Mixture
from impasto.sources import ImageFolder, Source
from impasto.style import AmplitudeMix, MixStyle, PartnerStyle, PixMix, StyleRandomizer
from impasto_lab.experiments.classification import measure
from impasto_lab.experiments.classification.arms import Arm, recipe, turned
from impasto_lab.experiments.classification.data import Data
from impasto_lab.experiments.classification.scheduling import scheduled
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.prepared import keep_to
from impasto_lab.models.resnet import ResNet, classifier
from impasto_lab.tasks import ClassificationTask, Labeled
from impasto_lab.training import FitSettings, fit, pick_device
from impasto_lab.worlds import render_styles

#: Pictures that PixMix mixes in.
_PICTURES = 100


def train(arm: Arm, data: Data, piece: Piece, place: Place) -> Mapping[str, float]:
    """Trains an arm of a seed, and scores it.

    What is interrupted goes on from its last checkpoint. ``metrics.jsonl`` in the piece's folder holds its learning
    curves, ``training.json`` what they were drawn from, ``confusion.json`` who was taken for whom.

    Args:
        arm: What is done to the images.
        data: The images.
        piece: The arm's name and seed.
        place: Where; its folder is this training's own.

    Returns:
        Accuracy by kind of test images, in per cent, and the last loss.

    Raises:
        RecipeError: If its folder holds a training of other settings.
    """
    settings, device = data.settings, pick_device(place.device)
    place.folder.mkdir(parents=True, exist_ok=True)
    chosen = recipe(arm, settings.side)
    loader = Loader(
        training_images(arm, data, piece.seed),
        chosen,
        batch_size=settings.batch_size,
        shuffle=arm.schedule is None,
        seed=piece.seed,
        workers=1,
        device=device if device.type == "cuda" else None,
        transform=turned if arm.geometric else None,
    )
    held = {kind: Labeled.of(data.test(kind), chosen.views[0]) for kind in data.kinds}
    watched = {kind: one.spread(settings.watched) for kind, one in held.items()}
    model = network(data, seed=piece.seed, weights=settings.weights).to(device)
    change, within = _relative(arm, model, data, piece.seed, device)
    task = ClassificationTask(model, watched, change=change, within=within)
    often = max(settings.steps // settings.evaluations, 1)
    how = FitSettings(
        steps=settings.steps,
        lr=settings.lr,
        weight_decay=5e-2,
        warmup=settings.steps // 10,
        seed=piece.seed,
        log_every=often,
        evaluate_every=often,
        save_every=often,
        amp="bfloat16" if device.type == "cuda" else "off",
    )
    epoch = len(data.train()) // settings.batch_size
    told = {
        "steps_per_epoch": epoch,
        "watched": {kind: len(one) for kind, one in watched.items()},
    }
    # A checkpoint says nothing of what its steps were made with.
    keep_to(place.folder / "begun.json", {"arm": piece.arm, "seed": piece.seed, **asdict(settings)})
    _note(place.folder / "training.json", told)
    with place.narrator.bar(f"training: {piece.arm}, seed {piece.seed}") as advance:
        resume = any((place.folder / "checkpoints").glob("step-????????"))
        fitted = fit(task, loader, how, folder=place.folder, resume=resume, progress=advance)
    table = measure.confusion(model, held[data.aim], len(data.classes))
    _note(place.folder / "confusion.json", {"kind": data.aim, "classes": data.classes, "counts": table.tolist()})
    return {**measure.scores(model, held, data), "last loss": fitted.records[-1]["loss"]}


def network(data: Data, *, seed: int = 0, weights: str | None = None) -> nn.Module:
    """The network that an experiment trains, untrained.

    Args:
        data: Whose classes it names, with the experiment's settings.
        seed: Of its weights.
        weights: A file of weights to begin with.
    """
    settings = data.settings
    width = settings.width if settings.model == "resnet18" else 64
    return classifier(
        settings.model, classes=len(data.classes), side=settings.side, width=width, seed=seed, weights=weights
    )


def _note(path: Path, content: Mapping[str, Any]) -> None:
    with new_file(path) as partial:
        partial.write_text(json.dumps(content) + "\n", encoding="utf-8")


def training_images(arm: Arm, data: Data, seed: int = 0) -> Source:
    """An arm's training images: plain ones, and restyled copies among them in its ratio.

    Args:
        arm: The arm.
        data: The images.
        seed: Of their order, where the arm has a schedule; elsewhere the loader shuffles.
    """
    plain, styled = arm.ratio or data.settings.ratio
    if arm.folder is None:
        return data.train()
    if arm.schedule is not None:
        return scheduled(data.train(), data.copies(arm.folder), arm.schedule, data.settings, seed)
    # An epoch is as long as the plain arm's.
    members: list[tuple[Source, float]] = [(data.train(), plain), (data.copies(arm.folder), styled)]
    return Mixture(members, epoch=len(data.train()))


_Change = Callable[[Any], Any]
_Within = Callable[[BatchId], AbstractContextManager[None]]


def _relative(
    arm: Arm, model: nn.Module, data: Data, seed: int, device: torch.device
) -> tuple[_Change | None, _Within | None]:
    """What an arm does to batches, and around steps."""
    plain, changed = data.settings.ratio
    ratio = f"{plain}:{changed}"
    if arm.relative == "mixstyle":
        mixstyle = MixStyle(seed=seed)
        stages = model.stages if isinstance(model, ResNet) else list(model.children())
        mixstyle.attach(*list(stages)[:2])
        return None, mixstyle.at
    if arm.relative == "amplitude":
        return AmplitudeMix(ratio=ratio, seed=seed), None
    if arm.relative == "partner-style":
        stylize = StyleRandomizer.load(alpha=data.settings.alpha, seed=seed).to(device)
        return PartnerStyle(stylize, ratio=ratio), None
    if arm.relative == "pixmix":
        folder = data.root / f"pictures-{seed}"
        if not folder.exists():
            render_styles(folder, count=_PICTURES, size=96, seed=seed)
        pictures = ImageFolder(folder)
        return PixMix([pictures[row] for row in range(len(pictures))], ratio=ratio, seed=seed), None
    return None, None
