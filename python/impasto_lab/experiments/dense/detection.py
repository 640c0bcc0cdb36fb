"""Detection as an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.checks import choice
from impasto_lab.experiments.dense.settings import ARMS, DETECTION, DETECTORS, FURTHER, Dense
from impasto_lab.experiments.experiment import Claim, Experiment, Piece, Place


def run_arm(piece: Piece, settings: Dense, place: Place) -> Mapping[str, float]:
    """Trains a detector, and measures its average precision."""
    from impasto_lab.experiments.dense.running import run_piece  # torch's; a page of help needs the experiment alone

    return run_piece(piece, settings, place)


def render(settings: Dense, place: Place) -> None:
    """Makes the worlds and the restyled copies.

    Raises:
        RecipeError: If the model is no detector.
    """
    render_for(DETECTORS, settings, place)


def render_for(models: Sequence[str], settings: Dense, place: Place) -> None:
    """Makes the worlds and the restyled copies, for models of one kind."""
    from impasto_lab.experiments.dense.data import prepare

    choice("model", settings.model, models)
    prepare(settings, place)


def write_page(results: Any, folder: Path) -> None:
    """Writes ``report.html``: claims, means, losses, and what each arm finds in the target's images."""
    from impasto_lab.experiments.dense.page import write_pages

    write_pages(results, folder)


def claims_of(score: str) -> tuple[Claim, ...]:
    """What is claimed of the arms, before any has run."""
    pairs = [("style", "none"), ("color", "none"), ("both", "geometric"), ("both", "color"), ("both", "style")]
    pairs += [("both", "traditional"), ("traditional", "none")]
    of_target = [Claim(better=better, worse=worse, metric=f"{score} target") for better, worse in pairs]
    of_source = Claim(better="geometric", worse="none", metric=f"{score} source")
    return (*of_target, of_source)


EXPERIMENT = Experiment(
    name="detection",
    title="boxes on a rendered shortcut world, source and shifted target",
    about="Renders things whose color, texture and ground are often their class's own, and a target where they never "
    "are; trains a small detector without anchors (full: torchvision's FCOS) with geometric, color and style "
    "augmentation, and measures average precision on both; with '--arms all' with geometry and color, too. With "
    "--data, COCO's or VOC's own images; the target is then --target's val, or the data's own under corruptions. All "
    "arms share weights, world, steps and restyled copies.",
    arms=ARMS,
    further=FURTHER,
    run=run_arm,
    prepare=render,
    page=write_page,
    settings=DETECTION,
    seeds={"smoke": (0,), "small": (0, 1, 2, 3, 4, 5), "full": (0, 1, 2, 3, 4, 5)},
    claims=claims_of("mAP"),
    packages=("torchvision", "pycocotools"),
    options=("data", "target", "model", "copies"),
)
