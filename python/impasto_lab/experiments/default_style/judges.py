"""Who says whether a picture has a style: features that were trained for it, random ones, and those of another task."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.style import Extract, Features, SmallVGG
from impasto_lab.experiments.default_style.shapes import look
from impasto_lab.tasks.train_style import OBJECTIVE_LAYERS


def judges(features: Features, classifier: nn.Sequential, *, seed: int) -> dict[str, Extract]:
    """Features of images, by name of the judge.

    Args:
        features: Those that the losses were computed by.
        classifier: Of shapes, which was trained on plain images and separately; its activations.
        seed: Of the random filters.
    """

    def trained(images: Tensor) -> list[Tensor]:
        return list(features.extract(images, OBJECTIVE_LAYERS).values())

    def separate(images: Tensor) -> list[Tensor]:
        return look(classifier, images)[0]

    return {"trained": trained, "random": _random(seed), "separate": separate}


def _random(seed: int) -> SmallVGG:
    """A VGG of random orthogonal filters (Ustyuzhaninov et al. 2016: such features know textures too)."""
    network = SmallVGG()
    generator = torch.Generator().manual_seed(seed)
    for block in network.blocks:
        for conv in block.convs:  # type: ignore[union-attr]
            nn.init.orthogonal_(conv.weight, gain=2**0.5, generator=generator)
            nn.init.zeros_(conv.bias)
    return network.eval().requires_grad_(False)
