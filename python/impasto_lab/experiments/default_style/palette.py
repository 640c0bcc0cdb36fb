"""Colours for a model whose embeddings have lost them."""

from __future__ import annotations

import torch
from torch import nn

from impasto.loading import Loader
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import ImageFolder
from impasto.style import StatisticsPredictor, StyleModel
from impasto_lab.experiments.default_style.data import StyleData


@torch.no_grad()
def give_palette(model: StyleModel, data: StyleData, *, side: int) -> None:
    """Gives the last six components of a model's embeddings to the colours, where they have none.

    The transformer begins by ignoring them.

    Args:
        model: With a compact predictor, on the CPU; it is changed.
        data: Whose styles and contents say how colours vary.
        side: Of the images, in pixels.
    """
    predictor = model.predictor
    assert isinstance(predictor, StatisticsPredictor)
    colors = predictor.colors
    if not predictor.fc.weight[-colors:, colors:].any():
        return
    recipe = Recipe(image=ImageRecipe(size=side, crop="none", normalize=None), text=None)
    statistics: list[torch.Tensor] = []
    for folder in (data.styles("train"), data.contents("train")):
        loader = Loader(
            ImageFolder(folder), recipe, batch_size=32, workers=0, shuffle=False, drop_last=False, rank=0, world_size=1
        )
        statistics += [predictor.statistics(batch.images) for batch in loader]
    predictor.keep_colors(torch.cat(statistics))
    for module in model.transformer.modules():
        for name in ("gamma", "beta", "amount"):
            if isinstance(linear := getattr(module, name, None), nn.Linear):
                linear.weight[:, -colors:] = 0
