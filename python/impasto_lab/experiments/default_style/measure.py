"""Measures of a style model on contents and styles that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from impasto.loading import Loader
from impasto.progress import Progress
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import ImageFolder
from impasto.style import Extract, Features, SmallVGG, StyleModel, style_loss
from impasto_lab.experiments.default_style.data import StyleData
from impasto_lab.experiments.default_style.settings import DefaultStyle
from impasto_lab.experiments.default_style.shapes import accuracy, shapes, train_classifier
from impasto_lab.tasks.train_style import OBJECTIVE_LAYERS

#: Strengths at which the classifier looks.
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Measures:
    """What a style model does to held-out contents and styles.

    Attributes:
        style_before: Mean style loss (Gram matrices over positions, four layers of the shipped features) between
            contents and styles.
        style_after: The same of the contents painted in the styles, at strength 1.
        fall: The one over the other.
        fall_median: The median of that, pair by pair.
        fall_random: ``fall_median`` by features that took no part in training: random orthogonal filters.
        accuracy: Of a classifier trained on plain images, on images painted in random styles, by strength; ``"plain"``
            on the images themselves.
        random_distance: Mean root mean square distance between ten random styles of one image, at strength 1.
        style_distance: The same between an image painted in ten held-out styles.
        plain_distance: The same between ten different contents, for scale.
        reconstruction: PSNR in dB between an image and itself at strength 0.
    """

    style_before: float
    style_after: float
    fall: float
    fall_median: float
    fall_random: float
    accuracy: dict[str, float]
    random_distance: float
    style_distance: float
    plain_distance: float
    reconstruction: float

    def as_dict(self) -> dict[str, object]:
        """As JSON has it, rounded."""
        return {
            name: {key: round(number, 4) for key, number in value.items()}
            if isinstance(value, dict)
            else round(value, 4)
            for name, value in asdict(self).items()
        }


def held_out(data: StyleData, split: str, count: int, *, side: int, seed: int) -> Tensor:
    """Held-out images: ``split`` is ``"contents"`` or ``"styles"``; [N, 3, side, side] in [0, 1]."""
    folder = data.contents("test") if split == "contents" else data.styles("test")
    recipe = Recipe(image=ImageRecipe(size=side, scale=(0.5, 1.0), ratio=(1, 1), hflip=0.0, normalize=None), text=None)
    source = ImageFolder(folder)
    loader = Loader(source, recipe, batch_size=min(count, len(source)), workers=0, seed=seed)
    return next(iter(loader)).images


def one_of_each(data: StyleData, *, side: int) -> Tensor:
    """A held-out photograph of each kind, and a scene, to look at; [N, 3, side, side] in [0, 1]."""
    source = ImageFolder(data.contents("test"))
    recipe = Recipe(image=ImageRecipe(size=side, crop="center", normalize=None), text=None)
    loader = Loader(source, recipe, batch_size=len(source), workers=0, shuffle=False)
    batch = next(iter(loader))
    assert isinstance(batch.labels, Tensor)
    labels = batch.labels.tolist()
    return batch.images[[labels.index(label) for label in sorted(set(labels))]]


@torch.no_grad()
def measure(
    model: StyleModel,
    features: Features,
    data: StyleData,
    settings: DefaultStyle,
    *,
    progress: Progress,
    side: int = 128,
) -> Measures:
    """Takes all measures.

    Args:
        model: On the CPU, in evaluation mode.
        features: Those that the losses were computed by.
        data: Its test splits are looked at.
        settings: Seed and sizes.
        progress: Called on the way.
        side: Of the images, in pixels; the classifier's have its own.
    """
    seed = settings.seed
    contents = held_out(data, "contents", settings.measured_contents, side=side, seed=seed)
    styles = held_out(data, "styles", settings.measured_styles, side=side, seed=seed)
    wanted = model.predictor(styles)
    extract: dict[str, Extract] = {"trained": _layers(features), "random": _random_features(seed)}
    before: dict[str, list[Tensor]] = {name: [] for name in extract}
    after: dict[str, list[Tensor]] = {name: [] for name in extract}
    for number, content in enumerate(contents):
        plain = content.expand(len(styles), -1, -1, -1)
        painted = model.transformer(plain, wanted)
        for name, look in extract.items():
            target = look(styles)
            before[name].append(style_loss(look(plain), target))
            after[name].append(style_loss(look(painted), target))
        progress(number + 1, len(contents) + len(ALPHAS) + 2)
    unpainted, done = ({name: torch.cat(losses) for name, losses in found.items()} for found in (before, after))
    random_distance, style_distance = _distances(model, contents[:8], wanted[:10], seed)
    accuracies = _accuracies(
        model, settings, lambda done: progress(len(contents) + done, len(contents) + len(ALPHAS) + 2)
    )
    own = model.transformer(contents, model.predictor(contents))
    return Measures(
        style_before=float(unpainted["trained"].mean()),
        style_after=float(done["trained"].mean()),
        fall=float(unpainted["trained"].mean() / done["trained"].mean()),
        fall_median=float((unpainted["trained"] / done["trained"]).median()),
        fall_random=float((unpainted["random"] / done["random"]).median()),
        accuracy=accuracies,
        random_distance=random_distance,
        style_distance=style_distance,
        plain_distance=_spread(contents[:10]),
        reconstruction=float(-10 * (own - contents).square().mean().log10()),
    )


def _layers(features: Features) -> Extract:
    return lambda images: list(features.extract(images, OBJECTIVE_LAYERS).values())


def _distances(model: StyleModel, contents: Tensor, wanted: Tensor, seed: int) -> tuple[float, float]:
    """Between ten random styles, and between ten held-out ones, of each content."""
    drawn = model.distribution.sample(10, torch.Generator().manual_seed(seed))
    found = []
    for embeddings in (drawn, wanted):
        each = [
            _spread(model.transformer(content.expand(len(embeddings), -1, -1, -1), embeddings)) for content in contents
        ]
        found.append(sum(each) / len(each))
    return found[0], found[1]


def _spread(images: Tensor) -> float:
    """Mean root mean square distance between different images of [N, 3, H, W]."""
    apart = (images[:, None] - images[None]).square().mean(dim=(2, 3, 4)).sqrt()
    return float(apart.sum() / (len(images) * (len(images) - 1)))


def _accuracies(model: StyleModel, settings: DefaultStyle, tell: Callable[[int], None]) -> dict[str, float]:
    images, labels = shapes(settings.shapes, seed=settings.seed, split="train")
    with torch.enable_grad():
        network = train_classifier(images, labels, epochs=settings.shape_epochs, seed=settings.seed)
    tell(1)
    images, labels = shapes(settings.shapes // 6, seed=settings.seed, split="test")
    found = {"plain": accuracy(network, images, labels)}
    drawn = model.distribution.sample(len(images), torch.Generator().manual_seed(settings.seed + 1))
    own = torch.cat([model.predictor(part) for part in torch.split(images, 64)])
    for number, alpha in enumerate(ALPHAS):
        mixed = torch.lerp(own, drawn, alpha)
        parts = zip(torch.split(images, 64), torch.split(mixed, 64), strict=True)
        painted = torch.cat([model.transformer(part, embeddings) for part, embeddings in parts])
        found[str(alpha)] = accuracy(network, painted, labels)
        tell(2 + number)
    return found


def _random_features(seed: int) -> SmallVGG:
    """A VGG of random orthogonal filters (Ustyuzhaninov et al. 2016: such features know textures too)."""
    network = SmallVGG()
    generator = torch.Generator().manual_seed(seed)
    for block in network.blocks:
        for conv in block.convs:  # type: ignore[union-attr]
            nn.init.orthogonal_(conv.weight, gain=2**0.5, generator=generator)
            nn.init.zeros_(conv.bias)
    return network.eval().requires_grad_(False)
