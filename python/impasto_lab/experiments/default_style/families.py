"""Random styles of the families that were rendered: the mixture of their embeddings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.loading import Loader
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import ImageFolder
from impasto.style import EmbeddingMixture
from impasto_lab.experiments.default_style.data import StyleData

#: What deviations within families are multiplied by: random styles are as far apart as held-out ones are.
SPREAD = 1.15


@torch.no_grad()
def fit_families(predictor: nn.Module, data: StyleData, *, side: int) -> EmbeddingMixture:
    """The distribution of the embeddings of all renderings trained on, family by family.

    Args:
        predictor: From images in [0, 1] to embeddings, on the CPU.
        data: Folders of images.
        side: Of the images, in pixels.
    """
    source = ImageFolder(data.styles("train"))
    names = [name.rpartition(" ")[0] for name in source.classes]  # a class is a style: its family and its number
    families = sorted(set(names))
    place = torch.tensor([families.index(name) for name in names])  # [classes]
    recipe = Recipe(image=ImageRecipe(size=side, crop="none", normalize=None), text=None)
    loader = Loader(source, recipe, batch_size=32, workers=0, shuffle=False, drop_last=False, rank=0, world_size=1)
    embeddings: list[Tensor] = []
    labels: list[Tensor] = []
    for batch in loader:
        assert isinstance(batch.labels, Tensor)
        embeddings.append(predictor(batch.images))
        labels.append(batch.labels)
    return EmbeddingMixture.of_families(torch.cat(embeddings), place[torch.cat(labels)], spread=SPREAD)
