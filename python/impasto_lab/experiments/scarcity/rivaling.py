"""One training of a rival: its batches and its loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from impasto.checks import instance
from impasto.loading import Loader
from impasto.recipe import MixGen, MixUp, RandAugment, RandomDeletion, Recipe
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.scarcity.data import held_out, loader, recipe
from impasto_lab.experiments.scarcity.measuring import Measured
from impasto_lab.experiments.scarcity.running import by_towers, small_clip, train
from impasto_lab.experiments.scarcity.settings import Arm, Rival, Scarcity
from impasto_lab.models import Words
from impasto_lab.tasks import ContrastiveTask, GeodesicTask
from impasto_lab.training import pick_device


def run_piece(piece: Piece, settings: Scarcity, place: Place) -> Mapping[str, float]:
    """Trains, and retrieves as it goes; see `impasto_lab.experiments.scarcity.running.train`.

    Raises:
        RecipeError: If the arm is no rival.
    """
    arm = settings.arms[piece.arm]
    instance("arm", arm, Rival)
    assert isinstance(arm, Rival)
    words = Words.read(place.shared / "vocab.txt")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(piece.seed)
        model = small_clip(words, settings.length).to(pick_device(place.device))
    task = (
        GeodesicTask(model, weight=arm.geodesic, seed=piece.seed)
        if arm.geodesic
        else ContrastiveTask(model, partners=arm.partners)
    )
    measured = Measured(task, held_out(settings, arm, place.shared), partial(by_towers, model))
    return train(piece, settings, place, measured, rival_loader(settings, piece.arm, piece.seed, place.shared))


def rival_loader(settings: Scarcity, name: str, seed: int, shared: Path) -> Loader:
    """Batches of a rival; those of a seed draw the same images, order, crops and captions."""
    arm = settings.arms[name]
    assert isinstance(arm, Rival)
    return loader(settings, name, seed, shared, rival_recipe(settings, arm, shared / "vocab.txt"))


def rival_recipe(settings: Scarcity, arm: Rival, vocabulary: Path) -> Recipe:
    """What a rival's batches are: the plain arm's, changed."""
    plain = recipe(settings, Arm(model=arm.model, mixgen=False, images=arm.images), vocabulary)
    (image,), text = plain.views, plain.text
    assert text is not None
    return Recipe(
        image=replace(image, augment=(RandAugment(),)) if arm.randaugment else image,
        text=replace(text, augment=(RandomDeletion(p=arm.dropping),)) if arm.dropping else text,
        mix=_mix(arm),
    )


def _mix(arm: Rival) -> MixGen | None:
    ways = {
        "none": None,
        "mixgen": MixGen(),
        "cut": MixGen(image="cut"),
        "and": MixGen(join=" and "),
        "mixup": MixUp(),
    }
    return ways[arm.mixing]
