"""One arm with a seed: a model is pretrained, its embeddings are measured, and it names things."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from impasto_lab.experiments.analysis.embeddings.analysis import analyze
from impasto_lab.experiments.analysis.embeddings.attributes import facts_beside
from impasto_lab.experiments.analysis.embeddings.page import write_embeddings
from impasto_lab.experiments.downstream.data import world_of
from impasto_lab.experiments.downstream.running import pretrain_arm
from impasto_lab.experiments.downstream.settings import PRETRAINING, Downstream
from impasto_lab.experiments.experiment import Piece, Place
from impasto_lab.experiments.paging import write_differences
from impasto_lab.experiments.representing.naming import NAMED, images_of, sentences_of
from impasto_lab.experiments.results import Results
from impasto_lab.experiments.scarcity.data import PARTS, source
from impasto_lab.tasks.downstream import Judging, ZeroShotOptions, evaluate, open_checkpoint
from impasto_lab.training import pick_device


def run_piece(piece: Piece, settings: Downstream, place: Place) -> Mapping[str, float]:
    """Pretrains, measures and names.

    Returns:
        The geometry of combinations that were trained, by its names; ``"shape read off images"`` and others, the
        probes' scores; ``"RSUM unseen"``; and ``"color named, unseen"``, zero-shot, in per cent.
    """
    folder = pretrain_arm(piece, settings, place)
    opened, world = open_checkpoint(folder), world_of(place.shared)
    data, rare = (source(world, split) for split in PARTS.values())
    facts = facts_beside(str(world.annotations(PARTS["seen"])))
    (seen,) = analyze({piece.arm: opened}, data, rare=rare, facts=facts, device=place.device).models
    found = dict(seen.measured.geometry)
    for name, sides in seen.measured.probes.items():
        found |= {f"{name} read off {side}": probe.score for side, probe in sides.items()}
    recalls = zip(PARTS, seen.measured.found.values(), strict=True)
    found |= {f"RSUM {part}": of["rsum"] for part, of in recalls}
    for name in NAMED:
        options = ZeroShotOptions(templates=str(sentences_of(place.shared, name)))
        judging = Judging(options=options, device=pick_device(place.device))
        for part, split in PARTS.items():
            figures = evaluate("zero-shot", opened, images_of(place.shared, name, split), judging)
            found[f"{name} named, {part}"] = figures["top-1"]
    return found


def show(results: Results, folder: Path) -> None:
    """Writes ``report.html``, and ``embeddings-{model}/`` of the first seed with both pretrainings, where they lie.

    Args:
        results: What was measured.
        folder: The experiment's.
    """
    settings: Downstream = results.settings
    for model in dict.fromkeys(arm.model for arm in settings.arms.values()):
        seeds = sorted({piece.seed for piece in results.measured})
        pairs = [
            [f"{Piece(f'{how}-{model}', seed).name}/{PRETRAINING}" for how in ("plain", "mixgen")] for seed in seeds
        ]
        # Pieces that were taken from other evidence have no models.
        there = [pair for pair in pairs if all((folder / run / "model").exists() for run in pair)]
        if there:
            _write_embeddings(folder, there[0], model)
    write_differences(results, folder)


def _write_embeddings(folder: Path, runs: list[str], model: str) -> None:
    world = world_of(folder)
    seen, unseen = (world.annotations(split) for split in PARTS.values())
    models = {run.partition("/")[0]: open_checkpoint(folder / run) for run in runs}
    data, rare = (source(world, split) for split in PARTS.values())
    found = analyze(models, data, rare=rare, facts=facts_beside(str(seen)))
    files = [str(path.relative_to(folder)) for path in (seen, unseen)]
    command = f"impasto analyze embeddings {' '.join(runs)} --data {files[0]} --rare {files[1]}"
    write_embeddings(found, folder / f"embeddings-{model}", command=command)
