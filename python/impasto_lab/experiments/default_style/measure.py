"""Measures of a style model on contents and styles that it was not trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from impasto import StyleRandomizer
from impasto.loading import Loader
from impasto.progress import Progress
from impasto.recipe import ImageRecipe, Recipe
from impasto.sources import ImageFolder
from impasto.style import Extract, Features, StyleModel, grid_energy, style_loss
from impasto_lab.experiments.default_style.data import StyleData
from impasto_lab.experiments.default_style.held_out import photographs, strangers, styles, textures, unseen
from impasto_lab.experiments.default_style.judges import judges
from impasto_lab.experiments.default_style.settings import DefaultStyle
from impasto_lab.experiments.default_style.shapes import accuracy, shapes, train_classifier

#: Strengths at which the classifier is asked.
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Strengths at which style loss and grid are measured; at 0, where the image is given back, nothing changes.
STRENGTHS = (0.5, 1.0)
#: Strengths at which an image is compared with itself.
FAINT = (0.0, 0.1)
#: Random styles whose distances are taken, and how often so many are drawn.
_COMPARED, _TURNS = 10, 8
#: A difference of 1e-5 of pixels, 100 dB, is none.
_NONE = 1e-10


@dataclass(frozen=True)
class Measures:
    """What a `StyleRandomizer` with a style model does to photographs that were held out whole, at 128 pixels.

    Attributes:
        fall: By what the style loss falls at strength 1 (Gram matrices over positions, added over four layers; of the
            plain photograph over that of the painted one), the median over all pairs of photographs and held-out
            styles, by judge: ``"trained"``, the features that losses looked at, ``"random"`` filters, and
            ``"separate"``, the classifier of shapes.
        fall_least: The median over styles of the photograph for which that is least, by judge.
        fall_photographs: That median by photograph, by the trained features.
        fall_unseen: The median over pairs with styles of families that the last phase never saw, by judge.
        fall_strangers: The median over pairs with styles of families that nothing was trained on, by judge.
        fall_together: The median over pairs with held-out styles and with those of these families, by judge.
        fall_textures: The median over photographs and photographed textures (brick, grass, gravel), by judge.
        fall_strengths: The median over all pairs by strength, by the trained features.
        psnr: In dB, between photographs and themselves in eight times ten random styles, by strength; 100 for no
            difference.
        accuracy: Of a classifier trained on plain images, on images painted in random styles, by strength; ``"plain"``
            on the images themselves.
        random_distance: Mean root mean square distance between ten random styles of a photograph, at strength 1, over
            eight times ten: one draw of ten is off by a tenth.
        style_distance: The same between a photograph painted in all held-out styles.
        plain_distance: The same between different photographs, for scale.
        grid: Energy at the grid's period of four pixels beside that of its neighbours, over the same of the photograph,
            the median over pairs, by strength.
    """

    fall: dict[str, float]
    fall_least: dict[str, float]
    fall_photographs: dict[str, float]
    fall_unseen: dict[str, float]
    fall_strangers: dict[str, float]
    fall_together: dict[str, float]
    fall_textures: dict[str, float]
    fall_strengths: dict[str, float]
    psnr: dict[str, float]
    accuracy: dict[str, float]
    random_distance: float
    style_distance: float
    plain_distance: float
    grid: dict[str, float]

    def as_dict(self) -> dict[str, object]:
        """As JSON has it, rounded."""
        return {
            name: {key: round(number, 4) for key, number in value.items()}
            if isinstance(value, dict)
            else round(value, 4)
            for name, value in asdict(self).items()
        }


def held_out(data: StyleData, count: int, *, side: int, seed: int) -> Tensor:
    """Held-out styles to look at, [N, 3, side, side] in [0, 1]."""
    recipe = Recipe(image=ImageRecipe(size=side, scale=(0.5, 1.0), ratio=(1, 1), hflip=0.0, normalize=None), text=None)
    source = ImageFolder(data.styles("test"))
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
def measure(model: StyleModel, features: Features, settings: DefaultStyle, *, progress: Progress) -> Measures:
    """Takes all measures.

    Args:
        model: On the CPU, in evaluation mode.
        features: Those that the losses were computed by.
        settings: Seed and sizes.
        progress: Called on the way.
    """
    stylize, seed = StyleRandomizer(model, check="never"), settings.seed
    named, wanted, real = photographs(), styles()[: settings.measured_styles], textures()
    late, strange = unseen()[: settings.measured_styles], strangers()[: settings.measured_styles]
    contents = torch.stack(list(named.values())[: settings.measured_contents])
    total = len(contents) + 2
    images, labels = shapes(settings.shapes, seed=seed, split="train")
    with torch.enable_grad():
        classifier = train_classifier(images, labels, epochs=settings.shape_epochs, seed=seed)
    progress(1, total)
    asked = judges(features, classifier, seed=seed)
    fall: dict[str, list[Tensor]] = {name: [] for name in asked}  # [S] for each photograph
    rough: dict[str, list[Tensor]] = {name: [] for name in asked}
    apart: dict[str, list[Tensor]] = {name: [] for name in asked}
    alien: dict[str, list[Tensor]] = {name: [] for name in asked}
    strengths: dict[str, list[Tensor]] = {str(alpha): [] for alpha in STRENGTHS}
    grid: dict[str, list[Tensor]] = {str(alpha): [] for alpha in STRENGTHS}
    generator = torch.Generator().manual_seed(seed)
    tens = [model.distribution.sample(_COMPARED, generator) for _ in range(_TURNS)]
    drawn = torch.cat(tens)
    likeness: dict[str, list[Tensor]] = {str(alpha): [] for alpha in FAINT}
    for number, content in enumerate(contents):
        plain = content.expand(len(wanted), -1, -1, -1)
        for alpha in STRENGTHS:
            painted = stylize(plain, styles=wanted, alpha=alpha)
            grid[str(alpha)].append(grid_energy(painted) / grid_energy(content[None]))
            strengths[str(alpha)].append(_fall(asked["trained"], plain, painted, wanted))
        others = {id(kind): stylize(plain[: len(kind)], styles=kind, alpha=1.0) for kind in (real, late, strange)}
        for name, judge in asked.items():  # of the last, at strength 1
            fall[name].append(_fall(judge, plain, painted, wanted))
            for kind, kept in ((real, rough), (late, apart), (strange, alien)):
                kept[name].append(_fall(judge, plain[: len(kind)], others[id(kind)], kind))
        for alpha in FAINT:
            faint = stylize(content.expand(len(drawn), -1, -1, -1), embeddings=drawn, alpha=alpha)
            likeness[str(alpha)].append((faint - content).square().mean(dim=(1, 2, 3)).clamp(min=_NONE))
        progress(number + 2, total)
    by_photograph = {name: torch.stack(found).median(dim=1).values for name, found in fall.items()}
    accuracies = _accuracies(stylize, classifier, settings)
    progress(total, total)
    return Measures(
        fall=_medians(fall),
        fall_least={name: float(found.min()) for name, found in by_photograph.items()},
        fall_photographs=dict(zip(list(named)[: len(contents)], by_photograph["trained"].tolist(), strict=True)),
        fall_unseen=_medians(apart),
        fall_strangers=_medians(alien),
        fall_together=_medians({name: found + alien[name] for name, found in fall.items()}),
        fall_textures=_medians(rough),
        fall_strengths=_medians(strengths),
        psnr={alpha: float(-10 * torch.cat(found).mean().log10()) for alpha, found in likeness.items()},
        accuracy=accuracies,
        random_distance=sum(_distance(stylize, contents, ten) for ten in tens) / len(tens),
        style_distance=_distance(stylize, contents, model.predictor(wanted)),
        plain_distance=_spread(contents),
        grid=_medians(grid),
    )


def _fall(judge: Extract, plain: Tensor, painted: Tensor, wanted: Tensor) -> Tensor:
    target = judge(wanted)
    return style_loss(judge(plain), target) / style_loss(judge(painted), target)  # [S]


def _medians(found: dict[str, list[Tensor]]) -> dict[str, float]:
    return {name: float(torch.cat(values).median()) for name, values in found.items()}


def _distance(stylize: StyleRandomizer, contents: Tensor, embeddings: Tensor) -> float:
    """Between the styles of each content at strength 1."""
    each = [
        _spread(stylize(content.expand(len(embeddings), -1, -1, -1), embeddings=embeddings, alpha=1.0))
        for content in contents
    ]
    return sum(each) / len(each)


def _spread(images: Tensor) -> float:
    """Mean root mean square distance between different images of [N, 3, H, W]."""
    apart = (images[:, None] - images[None]).square().mean(dim=(2, 3, 4)).sqrt()
    return float(apart.sum() / (len(images) * (len(images) - 1)))


def _accuracies(stylize: StyleRandomizer, classifier: nn.Module, settings: DefaultStyle) -> dict[str, float]:
    images, labels = shapes(settings.shapes // 6, seed=settings.seed, split="test")
    drawn = stylize.model.distribution.sample(len(images), torch.Generator().manual_seed(settings.seed + 1))
    found = {"plain": accuracy(classifier, images, labels)}
    for alpha in ALPHAS:
        found[str(alpha)] = accuracy(classifier, stylize(images, embeddings=drawn, alpha=alpha), labels)
    return found
