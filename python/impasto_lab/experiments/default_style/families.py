"""Random styles of the families that were rendered: the mixture of their embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from impasto import StyleRandomizer
from impasto.loading import Loader
from impasto.progress import Progress
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import ImageFolder
from impasto.style import EmbeddingMixture, Namer, StyleModel
from impasto_lab.experiments.default_style.data import StyleData
from impasto_lab.experiments.default_style.settings import DefaultStyle
from impasto_lab.experiments.default_style.shapes import shapes

#: What deviations within families are multiplied by: random styles are as far apart as held-out ones are.
SPREAD = 1.18


@torch.no_grad()
def fit_families(predictor: nn.Module, data: StyleData, *, side: int) -> tuple[list[str], EmbeddingMixture]:
    """The distribution of the embeddings of all renderings trained on, family by family.

    Args:
        predictor: From images in [0, 1] to embeddings, on the CPU.
        data: Folders of images.
        side: Of the images, in pixels.

    Returns:
        The families' names, and the mixture in their order.
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
    return families, EmbeddingMixture.of_families(torch.cat(embeddings), place[torch.cat(labels)], spread=SPREAD)


@torch.no_grad()
def legible(
    model: StyleModel, asked: Sequence[Namer], settings: DefaultStyle, *, progress: Progress
) -> tuple[list[int], list[float]]:
    """The families in which contents are recognised best: some repeat so strong a texture that nothing else is seen.

    Args:
        model: Whose distribution has all families, on the CPU.
        asked: Who names shapes: the classifiers that losses looked at, not the one that judges.
        settings: How many images are painted in each family, what share of the families is kept, and the seed.
        progress: Called after every family.

    Returns:
        The numbers of the families kept, ascending, and of each family the share of shapes that is named right at
        strength 1.
    """
    families = model.distribution
    assert isinstance(families, EmbeddingMixture)
    images, labels = shapes(max(settings.shapes // 30, 1), seed=settings.seed, split="weighed")
    stylize, generator = StyleRandomizer(model, check="never"), torch.Generator().manual_seed(settings.seed)
    found: list[float] = []
    for number, one in enumerate(_each(families), start=1):
        painted = stylize(images, embeddings=one.sample(len(images), generator), alpha=1.0)
        right = [(name(painted)[1].argmax(dim=1) == labels).float().mean() for name in asked]
        found.append(float(torch.stack(right).mean()))
        progress(number, len(families.weights))
    count = max(round(settings.drawn * len(found)), 1)
    best = sorted(range(len(found)), key=found.__getitem__, reverse=True)[:count]
    return sorted(best), found


def only(families: EmbeddingMixture, kept: Iterable[int]) -> EmbeddingMixture:
    """A mixture of some of the families of another, by number; how often they are drawn stays in proportion."""
    rows = list(kept)
    return EmbeddingMixture(families.weights[rows], families.means[rows], families.factors[rows])


def _each(families: EmbeddingMixture) -> list[EmbeddingMixture]:
    return [only(families, (number,)) for number in range(len(families.weights))]
