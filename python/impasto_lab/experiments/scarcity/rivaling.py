"""One training of a rival: its batches and its loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.batch import Batch
from impasto.checks import instance
from impasto.loading import Loader
from impasto.recipe import Alternate, MixGen, MixUp, RandAugment, RandomDeletion, Recipe
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.scarcity.data import held_out, loader, recipe
from impasto_lab.experiments.scarcity.measuring import Measured
from impasto_lab.experiments.scarcity.running import by_towers, small_clip, train
from impasto_lab.experiments.scarcity.settings import Arm, Rival, Scarcity
from impasto_lab.models import DualEncoder, Words
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
    measured = Measured(_task(arm, model, piece.seed), held_out(settings, arm, place.shared), partial(by_towers, model))
    return train(piece, settings, place, measured, rival_loader(settings, piece.arm, piece.seed, place.shared))


class TurnsTask(ContrastiveTask[DualEncoder]):
    """Batches of MixUp and of MixGen in turns, each with the loss that goes with it.

    An image of MixUp's is shared among its own caption and its partner's; a pair of MixGen's is a pair.
    """

    def step(self, batch: Batch) -> Mapping[str, Tensor]:
        """See `ContrastiveTask.step`."""
        assert batch.plan.mix is not None
        self.partners = "shares" if set(batch.plan.mix.words) == {"own"} else "negatives"
        return super().step(batch)


def _task(arm: Rival, model: DualEncoder, seed: int) -> ContrastiveTask[DualEncoder]:
    if arm.geodesic:
        return GeodesicTask(model, weight=arm.geodesic, seed=seed)
    return TurnsTask(model) if arm.mixing == "turns" else ContrastiveTask(model, partners=arm.partners)


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
    dropped = (RandomDeletion(p=arm.dropping),) if arm.dropping else text.augment
    return Recipe(
        image=replace(image, augment=(RandAugment(),)) if arm.randaugment else image,
        text=replace(text, augment=dropped, length=arm.tokens or text.length),
        mix=_mix(arm),
    )


def _mix(arm: Rival) -> MixGen | Alternate | None:
    fitting: dict[str, dict[str, Any]] = {"cut": {}, "balance": {"budget": "balance"}, "fit": {"pairing": "fit"}}
    ways = {
        "none": None,
        "mixgen": MixGen(**fitting[arm.fitting]),
        "cut": MixGen(image="cut"),
        "and": MixGen(join=" and "),
        "mixup": MixUp(),
        "turns": Alternate((MixGen(), MixUp())),
    }
    return ways[arm.mixing]
