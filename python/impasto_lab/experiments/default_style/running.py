"""Makes the style model that comes with impasto."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from impasto import StyleRandomizer
from impasto.sources import ImageFolder, Sequence, Source
from impasto.style import Namer, StyleModel, load_features
from impasto_lab.experiments.default_style.card import card, rows
from impasto_lab.experiments.default_style.data import SCENES, THINGS, StyleData, write
from impasto_lab.experiments.default_style.families import fit_families, legible, only
from impasto_lab.experiments.default_style.features import save_features, train_features
from impasto_lab.experiments.default_style.measure import Measures, held_out, measure, one_of_each
from impasto_lab.experiments.default_style.namers import namers
from impasto_lab.experiments.default_style.palette import give_palette
from impasto_lab.experiments.default_style.settings import DefaultStyle, Phase
from impasto_lab.experiments.narrator import Narrator, Silent
from impasto_lab.report.styles import PARTS, TrainingPictures, style_sheet, write_curves
from impasto_lab.tasks.style_settings import StyleTraining
from impasto_lab.tasks.train_style import train_style
from impasto_lab.training import read_metrics

#: The file that a phase's folder holds once it is over.
_MODEL = "model.safetensors"
#: What of a phase is not a setting of its training.
_OF_DATA = ("photographs", "palette", "unseen", "compounds")


def run(
    out: str | Path,
    settings: DefaultStyle | None = None,
    *,
    device: torch.device | None = None,
    narrator: Narrator | None = None,
) -> StyleModel:
    """Renders the data, trains features and networks; what a folder holds already is used as it is.

    Args:
        out: The folder for data, runs and the model.
        settings: How much is done.
        device: What the transformer is trained on; the CPU by default.
        narrator: Is told what happens.

    Returns:
        The model; it lies in ``model.safetensors``, its features in ``features.safetensors``.

    Raises:
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
    phases = list(enumerate(chosen.phases, start=1))
    # What the last model that is there came from is not asked for: a run may begin with a model of any origin.
    done = [number for number, _ in phases if (root / f"phase-{number}" / _MODEL).exists()]
    first = max(done, default=1)
    model: StyleModel | None = None
    for number, phase in phases[first - 1 :]:
        folder, seed = root / f"phase-{number}", chosen.seed + number
        model = _train(folder, data, phase, seed, chosen, features, model, device, tell)
    assert model is not None, "there are no phases"
    write_curves(root / "curves.png", _records(root, chosen), PARTS)
    kept = root / "model.safetensors"
    about: dict[str, Any] = {"settings": asdict(chosen), "began": began(root, chosen)}
    names, families = fit_families(model.predictor, data, side=chosen.phases[-1].side)
    model = StyleModel(model.transformer, model.predictor, families, model.content_mean, about, give_back=True)
    asked = _namers(root, chosen, torch.device("cpu"), tell)
    with tell.bar("asking what is seen in each family of styles") as advance:
        best, named = legible(model, asked, chosen, progress=advance)
    about["named"] = {name: round(share, 3) for name, share in zip(names, named, strict=True)}
    about["drawn"] = [names[number] for number in best]
    families = only(families, best)
    StyleModel(model.transformer, model.predictor, families, model.content_mean, about, give_back=True).save(
        kept, dtype=torch.float16
    )
    model = StyleModel.load(kept)  # what is measured is what is kept, rounding and all
    with tell.bar("measuring") as advance:
        measures = measure(model, load_features(features), chosen, progress=advance)
    _tell(measures, tell)
    model.about["measures"] = measures.as_dict()
    model.save(kept, dtype=torch.float16)
    (root / "measures.json").write_text(json.dumps(model.about, indent=2) + "\n", encoding="utf-8")
    (root / "README.md").write_text(card(model), encoding="utf-8")
    write_sheets(root, model, data, chosen)
    tell.say(f"see {kept}, {root / 'measures.json'} and {root / 'held-out.png'}")
    return model


def began(root: Path, settings: DefaultStyle) -> str | None:
    """SHA-256 of the last phase's model that nothing in its folder has trained; None if there is none."""
    folders = [root / f"phase-{number}" for number in range(1, len(settings.phases) + 1)]
    given = [folder / _MODEL for folder in folders if not (folder / "metrics.jsonl").exists()]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in given if path.exists()]
    return digests[-1] if digests else None


def _records(root: Path, settings: DefaultStyle) -> list[dict[str, Any]]:
    """What was logged in all phases, their steps counted through."""
    records: list[dict[str, Any]] = []
    before = 0
    for number, phase in enumerate(settings.phases, start=1):
        logged = read_metrics(root / f"phase-{number}" / "metrics.jsonl")
        records += [{**record, "step": before + record["step"]} for record in logged]
        before += phase.steps
    return records


def _contents(data: StyleData, photographs: int) -> Source:
    """The contents trained on, those of photographs several times over."""
    folder = data.contents("train")
    if photographs == 1:
        return ImageFolder(folder)
    paths = sorted(folder.glob("*/*.jpg"))
    times = [1 if path.parent.name in (SCENES, THINGS) else photographs for path in paths]
    return Sequence([(str(path), []) for path, count in zip(paths, times, strict=True) for _ in range(count)])


def _styles(data: StyleData, phase: Phase) -> Source:
    """The styles trained on."""
    if not (phase.unseen or phase.compounds):
        return ImageFolder(data.styles("train"))
    paths = data.seen() if phase.unseen else sorted(data.styles("train").glob("*/*.jpg"))
    return Sequence([(str(path), []) for path in paths + (data.compounds() if phase.compounds else [])])


@torch.no_grad()
def write_sheets(root: Path, model: StyleModel, data: StyleData, settings: DefaultStyle) -> None:
    """Writes pictures of held-out contents: in held-out styles, and in random ones at three strengths."""
    contents = one_of_each(data, side=160)
    styles, stylize = held_out(data, 8, side=160, seed=settings.seed + 1), StyleRandomizer(model)
    painted = [stylize(image.expand(8, -1, -1, -1), styles=styles, alpha=1.0) for image in contents]
    style_sheet(contents, styles, torch.stack(painted)).save(root / "held-out.png")
    drawn = model.distribution.sample(8, torch.Generator().manual_seed(settings.seed))
    rows = []
    for image in contents[:2]:
        rows += [stylize(image.expand(8, -1, -1, -1), embeddings=drawn, alpha=a) for a in (0.25, 0.5, 1.0)]
    shown = contents[:2].repeat_interleave(3, dim=0)
    style_sheet(shown, None, torch.stack(rows)).save(root / "random.png")


def _namers(root: Path, chosen: DefaultStyle, device: torch.device, tell: Narrator) -> list[Namer]:
    with tell.bar("training classifiers of shapes") as advance:
        return namers(root, chosen, device, advance)


def _tell(measures: Measures, tell: Narrator) -> None:
    tell.table("on held-out contents and styles", ("measure", "value", "wanted"), rows(measures.as_dict()))


def _train(
    folder: Path,
    data: StyleData,
    phase: Phase,
    seed: int,
    chosen: DefaultStyle,
    features: Path,
    init: StyleModel | None,
    device: torch.device | None,
    tell: Narrator,
) -> StyleModel:
    done = folder / _MODEL
    if done.exists():
        return StyleModel.load(done)
    training = {name: value for name, value in asdict(phase).items() if name not in _OF_DATA}
    if phase.palette and init is not None:
        give_palette(init, data, side=phase.side)
    asked: list[Namer] = []
    if phase.naming_weight:
        asked = _namers(folder.parent, chosen, device or torch.device("cpu"), tell)
    settings = StyleTraining(**training, features=str(features), seed=seed, warmup=min(100, phase.steps // 10))

    with tell.bar(f"training at {phase.side} pixels") as advance:
        trained = train_style(
            _contents(data, phase.photographs),
            _styles(data, phase),
            settings,
            folder=folder,
            init=init,
            namers=asked,
            resume=any((folder / "checkpoints").glob("step-????????")),
            device=device,
            progress=advance,
            on_picture=TrainingPictures(folder),
        )
    last = trained.fit.records[-1]
    tell.say(
        f"{phase.steps} steps in {trained.fit.seconds:.0f} s: content {last['content']:.3f}, style {last['style']:.3f}"
    )
    return trained.model
