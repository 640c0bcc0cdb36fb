"""Classifiers of shapes that losses look at: none of them is a judge, nor was trained on a judge's images."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from impasto.progress import Progress
from impasto.style import Namer
from impasto_lab.experiments.default_style.settings import DefaultStyle
from impasto_lab.experiments.default_style.shapes import look, new_classifier, shapes, train_classifier

#: Channels of the layers, and the kernels' side, of each: three ways to look at a picture, none of them the judge's.
DESIGNS = (((16, 32, 64, 96), 5), ((32, 48, 64, 64), 3), ((24, 48, 96), 5))
#: What is added to the seed: images and classifiers are others than the judge's.
_APART = 101


def namers(folder: Path, settings: DefaultStyle, device: torch.device, progress: Progress) -> list[Namer]:
    """Trains the classifiers; those that the folder holds are used as they are.

    Args:
        folder: Where ``namer-1.safetensors`` and so on lie.
        settings: How much.
        device: Where they look at images.
        progress: Called after each of them.
    """
    found: list[Namer] = []
    for number, (widths, kernel) in enumerate(DESIGNS, start=1):
        path, seed = folder / f"namer-{number}.safetensors", settings.seed + _APART + number
        if not path.exists():
            images, labels = shapes(settings.shapes, seed=seed, split="named")
            trained = train_classifier(
                images, labels, epochs=settings.shape_epochs, seed=seed, widths=widths, kernel=kernel
            )
            save_file({name: value.contiguous() for name, value in trained.state_dict().items()}, path)
        network = new_classifier(widths, kernel=kernel)
        network.load_state_dict(load_file(path))
        found.append(partial(look, network.eval().requires_grad_(False).to(device)))
        progress(number, len(DESIGNS))
    return found
