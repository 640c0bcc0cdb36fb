"""Makes the style model that comes with impasto."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from impasto.experiments.default_style.data import StyleData, write
from impasto.experiments.default_style.features import save_features, train_features
from impasto.experiments.default_style.settings import DefaultStyle, Phase
from impasto.experiments.narrator import Narrator, Silent
from impasto.loading.sources import ImageFolder
from impasto.report.styles import style_sheet, write_curves
from impasto.style.model import StyleModel
from impasto.tasks.train_style import StyleTraining, train_style


def run(
    out: str | Path, settings: DefaultStyle | None = None, *, device: str = "cpu", narrator: Narrator | None = None
) -> StyleModel:
    """Renders the data, trains features and networks; what a folder holds already is used as it is.

    Args:
        out: The folder for data, runs and the model.
        settings: How much is done.
        device: What the transformer is trained on.
        narrator: Is told what happens.

    Returns:
        The model; it lies in ``model.safetensors``, its features in ``features.safetensors``.

    Raises:
        MissingExtraError: If a package of ``impasto[demo]`` is not installed.
        CheckpointError: If the folder holds a run of other settings.
    """
    root, tell, chosen = Path(out), narrator or Silent(), settings or DefaultStyle()
    root.mkdir(parents=True, exist_ok=True)
    with tell.bar("rendering contents and styles") as advance:
        data = write(root / "data", chosen, advance)
    features = root / "features.safetensors"
    if not features.exists():
        with tell.bar("training features") as advance:
            network, losses = train_features(data, chosen, advance)
        (root / "features.json").write_text(json.dumps(losses), encoding="utf-8")
        save_features(network, features)
    model: StyleModel | None = None
    for number, phase in enumerate(chosen.phases, start=1):
        model = _train(root / f"phase-{number}", data, phase, chosen.seed + number, features, model, device, tell)
    assert model is not None, "there are no phases"
    model.about = {"settings": asdict(chosen)}
    model.save(root / "model.safetensors", dtype=torch.float16)
    return model


def _train(
    folder: Path,
    data: StyleData,
    phase: Phase,
    seed: int,
    features: Path,
    init: StyleModel | None,
    device: str,
    tell: Narrator,
) -> StyleModel:
    done = folder / "model.safetensors"
    if done.exists():
        return StyleModel.load(done)
    settings = StyleTraining(**asdict(phase), features=str(features), seed=seed, warmup=min(100, phase.steps // 10))

    def picture(step: int, contents: Tensor, styles: Tensor, painted: Tensor) -> None:
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        style_sheet(contents, styles, painted).save(folder / "pictures" / f"step-{step:08d}.png")

    with tell.bar(f"training at {phase.side} pixels") as advance:
        trained = train_style(
            ImageFolder(data.contents("train")),
            ImageFolder(data.styles("train")),
            settings,
            folder=folder,
            init=init,
            resume=any((folder / "checkpoints").glob("step-????????")),
            device=torch.device(device),
            on_step=lambda step, _: advance(step, phase.steps),
            on_picture=picture,
        )
    write_curves(folder / "curves.png", trained.fit.records, ("content", "style", "identity"))
    last = trained.fit.records[-1]
    tell.say(
        f"{phase.steps} steps in {trained.fit.seconds:.0f} s: content {last['content']:.3f}, style {last['style']:.3f}"
    )
    return trained.model
