"""One training: an arm with a seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch

from impasto.batch import Batch
from impasto.files import new_file
from impasto.loading import Loader
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.scarcity.data import held_out, loader
from impasto_lab.experiments.scarcity.measuring import Measured, Scores
from impasto_lab.experiments.scarcity.settings import Arm, Scarcity
from impasto_lab.models import Albef, DualEncoder, FusionSettings, Tcl, Vilt, ViltSettings, Words
from impasto_lab.tasks import ContrastiveTask, HeldOut
from impasto_lab.tasks.pretrain import FusionPretraining, ViltPretraining
from impasto_lab.training import Checkpoints, FitSettings, Task, fit, pick_device, read_metrics


def run_piece(piece: Piece, settings: Scarcity, place: Place) -> Mapping[str, float]:
    """Trains an arm, and retrieves as it goes; see `train`."""
    task = _task(settings, settings.arms[piece.arm], piece.seed, place.shared, pick_device(place.device))
    return train(piece, settings, place, task, loader(settings, piece.arm, piece.seed, place.shared))


def train(piece: Piece, settings: Scarcity, place: Place, task: Measured, batches: Loader) -> Mapping[str, float]:
    """Trains, and retrieves as it goes; what was interrupted goes on at its last checkpoint.

    The curve is kept in ``curves/{arm}-{seed}.json`` of the shared folder.

    Args:
        piece: Arm and seed.
        settings: How long.
        place: Where.
        task: What is trained, and how it is judged.
        batches: What it is trained on.

    Returns:
        `Measured.details` of the end, the best RSUM of each part, and the last loss.
    """
    arm, steps = settings.arms[piece.arm], settings.steps(piece.arm)
    training = settings.training[arm.model]
    every = max(steps // settings.evaluations, 1)
    how = FitSettings(
        steps=steps,
        lr=training.lr,
        warmup=steps // 10,
        seed=piece.seed,
        log_every=every,
        # ViLT is asked about every pair, which takes longer than all steps between.
        evaluate_every=0 if arm.model == "vilt" else every,
        save_every=every,
    )
    resume = Checkpoints(place.folder / "checkpoints").latest() is not None
    with place.narrator.bar(f"{piece.arm}, seed {piece.seed}") as advance:
        fit(task, batches, how, folder=place.folder, resume=resume, progress=advance)
    curve = _curve(place.folder / "metrics.jsonl", tuple(task.parts))
    with new_file(curve_file(place.shared, piece)) as kept:
        kept.write_text(json.dumps(curve) + "\n", encoding="utf-8")
    best = {f"best RSUM {part}": max(curve[part]) for part in task.parts}
    return {**task.details(), **best, "last loss": curve["loss"][-1]}


def curve_file(shared: Path, piece: Piece) -> Path:
    """Where the curve of a piece lies: ``step`` [T], ``loss`` [T], and RSUM of each part [T]."""
    (shared / "curves").mkdir(parents=True, exist_ok=True)
    return shared / "curves" / f"{piece.name}.json"


def _curve(metrics: Path, parts: tuple[str, ...]) -> dict[str, list[float]]:
    records = read_metrics(metrics)
    losses = {record["step"]: record["loss"] for record in records if "loss" in record}
    scored = {record["step"]: record for record in records if parts[0] in record}
    steps = sorted(scored)
    curve = {part: [scored[step][part] for step in steps] for part in parts}
    return {"step": steps, "loss": [losses[step] for step in steps], **curve}


def _task(settings: Scarcity, arm: Arm, seed: int, shared: Path, device: torch.device) -> Measured:
    words = Words.read(shared / "vocab.txt")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        task, scores = _model(settings, arm, words, seed, device)
    return Measured(task, held_out(settings, arm, shared), scores)


def _model(settings: Scarcity, arm: Arm, words: Words, seed: int, device: torch.device) -> tuple[Task[Batch], Scores]:
    """A task with a new model, and how the model judges what is held out."""
    sizes = {"vocabulary": words.size, "image_size": settings.side, "text_length": settings.length}
    if arm.model == "clip":
        clip = small_clip(words, settings.length).to(device)
        return ContrastiveTask(clip), partial(by_towers, clip)
    if arm.model == "vilt":
        vilt = Vilt(ViltSettings.preset("small", **sizes)).to(device)
        return ViltPretraining(vilt, words, seed=seed), partial(HeldOut.matches, model=vilt)
    fusion = (Tcl if arm.model == "tcl" else Albef)(FusionSettings.preset("small", **sizes)).to(device)
    epoch = arm.images // settings.training[arm.model].batch_size
    return FusionPretraining(fusion, words, ramp=epoch, seed=seed), partial(by_towers, fusion)


def small_clip(words: Words, length: int) -> DualEncoder:
    """A new dual encoder of 0.2 million parameters, for texts of so many ids."""
    return DualEncoder(image_width=16, text_width=64, text_layers=1, text_length=length, vocabulary=words.size, dim=64)


def by_towers(model: DualEncoder | Albef, held: HeldOut) -> torch.Tensor:
    """How a model with towers judges what is held out, [N, M]."""
    return held.scores(model)
