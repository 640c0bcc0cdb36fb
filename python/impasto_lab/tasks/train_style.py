"""Trains a style model from a source of contents and a source of styles: what ``impasto style train`` runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from impasto.checks import require
from impasto.errors import CheckpointError
from impasto.loading import Loader, PairedLoader
from impasto.progress import Progress, silent
from impasto.recipe import ColorJitter, ImageRecipe, Recipe
from impasto.style import (
    BalancedObjective,
    EmbeddingDistribution,
    Extract,
    InceptionPredictor,
    MagentaObjective,
    Namer,
    Objective,
    SmallFeatures,
    StatisticsPredictor,
    StyleModel,
    StyleTransformer,
    load_features,
    prepare,
)
from impasto_lab.tasks.begun import FREE, keep_begun, require_begun
from impasto_lab.tasks.style_linear import LinearTuning
from impasto_lab.tasks.style_settings import StyleTraining
from impasto_lab.tasks.style_statistics import embed
from impasto_lab.tasks.style_transfer import StyleNetworks, StyleTransferTask
from impasto_lab.training import Checkpoints, Fit, FitSettings, fit
from impasto_lab.training.distributed import wait, world

if TYPE_CHECKING:
    from impasto.sources import Source

#: Images that set the scales of the balanced objective and the compact predictor's linear layer, at most.
_LOOKED_AT = 2048
#: The layers that objectives look at, by VGG's names.
OBJECTIVE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
#: The compact networks' sizes.
COMPACT = {"widths": (16, 32, 64), "residuals": 5, "embedding": 64, "kernel": 5}


@dataclass(frozen=True, eq=False)
class StyleTrained:
    """What came of a training.

    Attributes:
        model: The style model, on the CPU, in evaluation mode.
        fit: Records and time.
    """

    model: StyleModel
    fit: Fit


#: Called with the step and contents, styles [N, 3, H, W] and the contents painted in each style [N, N, 3, H, W].
OnPicture = Callable[[int, Tensor, Tensor, Tensor], None]


def train_style(
    contents: Source,
    styles: Source,
    settings: StyleTraining,
    *,
    folder: Path | None = None,
    init: StyleModel | None = None,
    namers: Sequence[Namer] = (),
    resume: bool = False,
    stop: int | None = None,
    device: torch.device | None = None,
    workers: int = 1,
    progress: Progress = silent,
    on_picture: OnPicture | None = None,
) -> StyleTrained:
    """Trains a style model; the embeddings' distribution is that of the style images at the end.

    Args:
        contents: Images to be painted.
        styles: Images to paint like.
        settings: How.
        folder: Where metrics, checkpoints and ``model.safetensors`` go; None writes nothing.
        init: The model to begin with; by default a new one.
        namers: Classifiers on the device that the balanced objective looks at; see `BalancedObjective`.
        resume: Go on from the newest checkpoint in the folder, exactly where it was.
        stop: Leave off after this many steps of the whole run, with a checkpoint, as if interrupted.
        device: What to train on; by default the CPU.
        workers: Threads of each loader.
        progress: Told after every step.
        on_picture: Is given pictures to keep, of the same four contents and styles each time.

    Returns:
        What came of it.

    Raises:
        RecipeError: If there are too few images for a batch, or for an embedding.
        CheckpointError: If features, or the checkpoint to resume from, can't be used; if the folder's run was begun
            otherwise, or there is one that isn't resumed.
        DivergedError: If the loss is not finite.
    """
    device = device or torch.device("cpu")
    rank, processes = world()
    enough = settings.batch_size * processes
    for what, source in (("content", contents), ("style", styles)):
        require(len(source) >= enough, f"{len(source)} {what} images are fewer than a batch of {enough}; add some")
    if folder is not None:
        _require_own(folder, settings, processes, resume=resume)
    recipes = _recipes(settings)
    loaders = [
        Loader(
            source,
            recipe,
            batch_size=settings.batch_size,
            workers=workers,
            seed=settings.seed + number,
            rank=rank,
            world_size=processes,
            pin_memory=device.type == "cuda",
        )
        for number, (source, recipe) in enumerate(zip((contents, styles), recipes, strict=True))
    ]
    model = (_rebuilt(init, settings) if init else new_model(settings, contents, styles)).to(device)
    networks = StyleNetworks(model.transformer, model.predictor, frozen=not settings.joint)
    tuning: LinearTuning | None = None
    if settings.linear:
        assert isinstance(model.predictor, StatisticsPredictor)
        seen = _statistics(model.predictor, contents, styles, settings, device)
        networks.predictor = tuning = LinearTuning(model.predictor, seen)
    task = StyleTransferTask(
        networks,
        _objective(settings, styles, device, namers),
        steps=settings.steps,
        partial=settings.partial,
        give_back=settings.give_back,
        run=lambda module: prepare(module, settings.backend),
    )
    if folder is not None and rank == 0 and not resume:
        keep_begun(folder, _begun(settings, processes))
    fixed = _fixed(contents, styles, settings, device) if on_picture and rank == 0 else None

    def stepped(step: int, steps: int) -> None:
        due = settings.picture_every > 0 and step % settings.picture_every == 0
        if fixed is not None and on_picture is not None and (due or step == steps):
            on_picture(step, *fixed, paint_grid(networks, *fixed))
        progress(step, steps)

    fitted = fit(
        task,
        PairedLoader(*loaders),
        FitSettings(
            steps=settings.steps,
            lr=settings.lr,
            schedule="constant" if settings.constant else "cosine",
            weight_decay=0.0,
            warmup=settings.warmup,
            clip=settings.clip,
            amp=settings.amp,
            seed=settings.seed,
            log_every=settings.log_every,
            save_every=settings.save_every,
        ),
        folder=folder,
        resume=resume,
        stop=stop,
        progress=stepped,
    )
    if tuning:
        tuning.fold()
    trained = _with_statistics(model.eval(), contents, styles, settings, device)
    if folder is not None and rank == 0:
        trained.save(folder / "model.safetensors")
    return StyleTrained(trained, fitted)


def _begun(settings: StyleTraining, processes: int) -> dict[str, Any]:
    """What a run is begun with, beside the data, which its loaders know."""
    free = (*FREE, "picture_every", "backend")
    kept = {name: value for name, value in asdict(settings).items() if name not in free}
    # A run's folder may move, and the features with it.
    return {"settings": kept | {"features": Path(settings.features).name}, "processes": processes}


def _require_own(folder: Path, settings: StyleTraining, processes: int, *, resume: bool) -> None:
    """Requires that the folder holds the run that is resumed, or none.

    Raises:
        CheckpointError: If it doesn't.
    """
    latest = Checkpoints(folder / "checkpoints").latest()
    wait()  # nobody saves before all have looked
    if resume and latest is not None:
        require_begun(folder, _begun(settings, processes))
    elif latest is not None:
        reason = f"the folder holds a run already, up to {latest.name}; resume it, or begin in another folder"
        raise CheckpointError(reason, path=str(folder))


def new_model(settings: StyleTraining, contents: Source, styles: Source) -> StyleModel:
    """A model before its first step: random transformer; the compact predictor already tells styles apart.

    Raises:
        RecipeError: If there are fewer images than dimensions of an embedding.
        CheckpointError: If the features can't be read.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        predictor: StatisticsPredictor | InceptionPredictor
        if settings.networks == "full":
            transformer, predictor = StyleTransformer(), InceptionPredictor()
        else:
            transformer = StyleTransformer(
                **COMPACT,  # type: ignore[arg-type]
                grain=settings.grain is not False,
                bilinear=settings.bilinear is not False,
            )
            predictor = StatisticsPredictor(embedding=transformer.embedding)
            own = settings.features if settings.features.endswith(".safetensors") else "small"
            small = load_features(own)
            assert isinstance(small, SmallFeatures)
            predictor.features.load_state_dict(small.network.state_dict())
            statistics = _statistics(predictor, contents, styles, settings, torch.device("cpu"))
            predictor.whiten(statistics)
            predictor.keep_colors(statistics)
    size = transformer.embedding
    distribution = EmbeddingDistribution(torch.zeros(size), torch.eye(size))
    return StyleModel(transformer, predictor, distribution, give_back=settings.networks == "compact")


@torch.no_grad()
def _statistics(
    predictor: StatisticsPredictor, contents: Source, styles: Source, settings: StyleTraining, device: torch.device
) -> Tensor:
    """What the compact predictor's layer is linear in, of many images as training sees them, [N, D]."""
    # Contents belong to the space too: at a strength below 1 the embedding lies between theirs and a style's.
    seen = torch.cat(
        [
            _images(styles, settings, "styles", _LOOKED_AT),
            _images(contents, settings, "contents", _LOOKED_AT // 4),
        ]
    )
    return torch.cat([predictor.statistics(part.to(device)) for part in torch.split(seen, 32)])


def _rebuilt(model: StyleModel, settings: StyleTraining) -> StyleModel:
    """The model, with grain and with the doubling of sizes that are asked for; its weights as they are."""
    before = model.transformer
    asked: dict[str, bool] = {"grain": bool(settings.grain or before.config["grain"])}
    if settings.bilinear is not None:
        asked["bilinear"] = settings.bilinear
    if settings.networks == "full" or asked.items() <= before.config.items():
        return model
    transformer = StyleTransformer(**{**before.config, **asked})  # type: ignore[arg-type]
    transformer.load_state_dict(transformer.state_dict() | before.state_dict())
    return StyleModel(
        transformer, model.predictor, model.distribution, model.content_mean, model.about, model.give_back
    )


@torch.no_grad()
def paint_grid(networks: StyleNetworks, contents: Tensor, styles: Tensor) -> Tensor:
    """Every content in every style.

    Args:
        networks: On the images' device.
        contents: [N, 3, H, W] in [0, 1].
        styles: [M, 3, H', W'] in [0, 1].

    Returns:
        [N, M, 3, H, W].
    """
    training = networks.training
    networks.eval()
    embeddings = networks.predictor(styles)  # [M, E]
    painted = [networks.transformer(image.expand(len(styles), -1, -1, -1), embeddings) for image in contents]
    networks.train(training)
    return torch.stack(painted)


def _recipes(settings: StyleTraining) -> tuple[Recipe, Recipe]:
    """What is done to contents and to styles."""
    jitter = (ColorJitter(brightness=0.3, contrast=0.3, saturation=0.4, hue=0.5),) if settings.jitter else ()
    return (
        Recipe(
            image=ImageRecipe(size=settings.side, scale=settings.content_scale, normalize=None),
            text=None,
        ),
        Recipe(
            image=ImageRecipe(size=settings.side, scale=settings.style_scale, augment=jitter, normalize=None),
            text=None,
        ),
    )


def _images(source: Source, settings: StyleTraining, which: Literal["contents", "styles"], count: int) -> Tensor:
    """Some images as training sees them, [N, 3, side, side]: an epoch of them, or ``count``."""
    recipe = _recipes(settings)[0 if which == "contents" else 1]
    size = min(len(source), 32)
    loader = Loader(
        source, recipe, batch_size=size, workers=0, seed=settings.seed, drop_last=False, rank=0, world_size=1
    )
    taken: list[Tensor] = []
    for batch in loader:
        taken.append(batch.images)
        if sum(map(len, taken)) >= count:
            break
    return torch.cat(taken)[:count]


def _objective(settings: StyleTraining, styles: Source, device: torch.device, namers: Sequence[Namer]) -> Objective:
    extract = _extract(settings.features, device, scales=settings.scales)
    weights: dict[str, Any] = {}
    if settings.variation_weight is not None:
        weights["variation_weight"] = settings.variation_weight
    if settings.objective == "magenta":
        if settings.style_weight is not None:
            first, last = settings.style_weight
            require(first == last, "Magenta's style weight doesn't change on the way; give the same weight twice")
            weights["style_weight"] = first
        return MagentaObjective(extract, **weights)
    if settings.style_weight is not None:
        weights["style_weight"] = settings.style_weight
    shown = _images(styles, settings, "styles", 256).to(device)
    names = ("identity_weight", "colors", "spectrum_weight", "grid_weight", "naming_weight", "fall_weight")
    weights |= {name: getattr(settings, name) for name in names}
    return BalancedObjective(extract, shown, namers=namers, **weights)


def _extract(features: str, device: torch.device, *, scales: int) -> Extract:
    """The four layers that objectives look at; VGG with means for its pooling, as Magenta has it.

    With more scales than one, the four of the images at half their size follow, and so on: what is a stroke there is
    larger than those that the layers see at full size.
    """
    network = load_features(features, pooling="average").to(device)

    def extract(images: Tensor) -> list[Tensor]:
        found = list(network.extract(images, OBJECTIVE_LAYERS).values())
        for _ in range(scales - 1):
            images = functional.avg_pool2d(images, 2)
            found += network.extract(images, OBJECTIVE_LAYERS).values()
        return found

    return extract


def _fixed(contents: Source, styles: Source, settings: StyleTraining, device: torch.device) -> tuple[Tensor, Tensor]:
    """Four contents and four styles to look at."""
    return (
        _images(contents, settings, "contents", 4).to(device),
        _images(styles, settings, "styles", 4).to(device),
    )


def _with_statistics(
    model: StyleModel, contents: Source, styles: Source, settings: StyleTraining, device: torch.device
) -> StyleModel:
    """The model with the distribution of its style images' embeddings, on the CPU."""
    painted = embed(styles, model.predictor, side=settings.side, device=device)
    seen = embed(contents, model.predictor, side=settings.side, device=device)
    about = {**model.about, "training": asdict(settings)}
    distribution = painted.distribution()
    made = StyleModel(model.transformer, model.predictor, distribution, seen.mean, about, model.give_back)
    return made.cpu().eval()
